#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace torture {

/// The words behind the mode.
class arguments {
public:
  arguments(int argc, char** argv) : words_(argv, argv + argc) {}
  std::uint64_t number(std::size_t i, std::uint64_t otherwise) const
  {
    return i < words_.size() ? std::stoull(words_[i]) : otherwise;
  }
  std::string word(std::size_t i) const { return i < words_.size() ? words_[i] : ""; }

private:
  std::vector<std::string> words_;
};

/// What could not be tried here, and why.
struct skipped {
  std::string why;
};

/// Counts what is not as it has to be, and prints it.
class checks {
public:
  void expect(bool ok, const std::string& what)
  {
    if (ok) return;
    ++failures_;
    std::printf("failed: %s\n", what.c_str());
  }
  /// Nothing is wrong if there is nothing to say.
  void expect_nothing(const std::string& found) { expect(found.empty(), found); }

  int failures() const { return failures_; }

private:
  int failures_ = 0;
};

// Each gives the number of failures, and has printed what failed and its figures.
int kill_mode(const arguments& a);
int points_mode(const arguments& a);
int between_mode(const arguments& a);
int stop_mode(const arguments& a);
int corrupt_mode(const arguments& a);
int syscalls_mode(const arguments& a);
int limits_mode(const arguments& a);
int forks_mode(const arguments& a);
int churn_mode(const arguments& a);
int create_mode(const arguments& a);
int space_mode(const arguments& a);
int namespaces_mode(const arguments& a);
int notice_mode(const arguments& a);
int idle_mode(const arguments& a);
int passers_mode(const arguments& a);

}  // namespace torture
