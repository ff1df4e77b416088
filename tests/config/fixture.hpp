#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace shmbus::test {

/// An environment without a configuration: no variable of ours, no file of the user. As it was
/// before when this goes.
class own_environment {
public:
  own_environment()
  {
    for (char** entry = environ; *entry; ++entry) {
      const std::string text = *entry;
      const std::string name = text.substr(0, text.find('='));
      if (name.starts_with("SHMBUS_") || name == "HOME" || name == "XDG_CONFIG_HOME")
        before_[name] = text.substr(name.size() + 1);
    }
    for (const auto& [name, ignored] : before_) ::unsetenv(name.c_str());
    std::string folder = (std::filesystem::temp_directory_path() / "shmbus-test.XXXXXX").string();
    if (::mkdtemp(folder.data())) folder_ = folder;
    set("HOME", folder_ / "home");
    set("SHMBUS_CONFIG", "/dev/null");  // this machine may have a file in /etc
  }
  ~own_environment()
  {
    for (const auto& name : changed_) ::unsetenv(name.first.c_str());
    for (const auto& [name, text] : before_) ::setenv(name.c_str(), text.c_str(), 1);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  own_environment(const own_environment&) = delete;
  own_environment& operator=(const own_environment&) = delete;

  void set(const std::string& name, const std::string& text)
  {
    changed_[name] = text;
    ::setenv(name.c_str(), text.c_str(), 1);
  }
  void unset(const std::string& name) { ::unsetenv(name.c_str()); }

  std::filesystem::path write(const std::filesystem::path& name, const std::string& text) const
  {
    const auto file = folder_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file;
  }

private:
  std::map<std::string, std::string> before_;
  std::map<std::string, std::string> changed_;
  std::filesystem::path folder_;
};

}  // namespace shmbus::test
