#include "core/patience.hpp"
#include "model/scenario.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

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
  constexpr char option[] = "--patience=";
  char** const end = std::remove_if(argv + 1, argv + argc, [&](const char* argument) {
    if (std::strncmp(argument, option, std::strlen(option)) != 0) return false;
    shmbus::core::patience = static_cast<std::uint32_t>(std::atoi(argument + std::strlen(option)));
    return true;
  });
  return report(
      static_cast<int>(end - argv), argv, entered().data(), entered().size(),
      [] { the_world->next_act(); }, [] { the_world->look(); });
}
