#include "wake/wakeup.hpp"

#include "core/logging.hpp"

#include <cstdlib>
#include <string_view>

namespace shmbus::wake {

#if !SHMBUS_HAS_IO_URING
std::unique_ptr<wakeup> make_uring_wakeup(watched, std::string& why)
{
  why = "the library was built without liburing";
  return nullptr;
}
#endif

std::unique_ptr<wakeup> make_wakeup(watched w, std::error_code& ec)
{
  ec.clear();
  const char* variable = std::getenv("SHMBUS_WAKEUP");
  const std::string_view wanted = variable ? variable : "";
  if (wanted != "thread") {
    std::string why;
    if (auto made = make_uring_wakeup(w, why)) return made;
    if (wanted == "uring") {
      core::log_error("SHMBUS_WAKEUP=uring, but io_uring's futex wait can't be used: " + why);
      ec = std::make_error_code(std::errc::function_not_supported);
      return nullptr;
    }
    core::log_debug("waking with a thread, since io_uring's futex wait can't be used: " + why);
  }
  return make_thread_wakeup(w, ec);
}

}  // namespace shmbus::wake
