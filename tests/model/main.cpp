#include "model/scenario.hpp"

namespace model {
namespace {

kept<report_entry>& entered()
{
  static kept<report_entry> all;
  return all;
}

}  // namespace

enter_scenario::enter_scenario(const report_entry& s) { entered().push_back(s); }

}  // namespace model

int main(int argc, char** argv)
{
  using namespace model;
  return report(
      argc, argv, entered().data(), entered().size(), [] { the_world->next_act(); },
      [] { the_world->look(); });
}
