#pragma once

#include <cstdint>
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

private:
  std::vector<std::string> words_;
};

/// What could not be tried here, and why.
struct skipped {
  std::string why;
};

// Each gives the number of failures, and has printed what failed and its figures.
int kill_mode(const arguments& a);
int points_mode(const arguments& a);
int stop_mode(const arguments& a);
int corrupt_mode(const arguments& a);
int syscalls_mode(const arguments& a);
int churn_mode(const arguments& a);
int create_mode(const arguments& a);
int space_mode(const arguments& a);
int namespaces_mode(const arguments& a);
int notice_mode(const arguments& a);
int idle_mode(const arguments& a);

}  // namespace torture
