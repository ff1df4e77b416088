#define DOCTEST_CONFIG_IMPLEMENT
#include "test.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>

namespace {

std::set<std::string> skipped_cases;
unsigned cases_run = 0;

/// Where the buses of a test program lie unless it says otherwise, so that no test meets a bus of
/// the user or of another test.
class private_directory {
public:
  private_directory()
  {
    std::string name = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    name += "/shmbus-test.XXXXXX";
    if (!::mkdtemp(name.data())) return;
    path_ = name;
    ::setenv("SHMBUS_DIR", name.c_str(), 1);
  }
  ~private_directory()
  {
    // A forked child that returns from main must not take the directory away from its parent.
    std::error_code ignored;
    if (!path_.empty() && ::getpid() == owner_) std::filesystem::remove_all(path_, ignored);
  }
  private_directory(const private_directory&) = delete;
  private_directory& operator=(const private_directory&) = delete;

private:
  ::pid_t owner_ = ::getpid();
  std::filesystem::path path_;
};

struct case_counter : doctest::IReporter {
  explicit case_counter(const doctest::ContextOptions&) {}
  void test_run_end(const doctest::TestRunStats& s) override
  {
    cases_run = s.numTestCasesPassingFilters;
  }
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};
REGISTER_LISTENER("case_counter", 1, case_counter);

}  // namespace

namespace shmbus::test {

void skip(const char* reason)
{
  const std::string name = doctest::getContextOptions()->currentTest->m_name;
  if (skipped_cases.insert(name).second) std::printf("skipped: %s: %s\n", name.c_str(), reason);
}

}  // namespace shmbus::test

int main(int argc, char** argv)
{
  const private_directory directory;
  doctest::Context context(argc, argv);
  const int result = context.run();
  if (context.shouldExit()) return result;

  // scripts/count-tests reads this line and doctest's own.
  if (!skipped_cases.empty()) std::printf("skipped while running: %zu\n", skipped_cases.size());
  if (result == 0 && cases_run > 0 && skipped_cases.size() == cases_run) return 77;
  return result;
}
