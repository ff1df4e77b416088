#include "shmbus/detail/handles.hpp"

#include "core/bus.hpp"
#include "core/inspect.hpp"
#include "core/reader.hpp"
#include "core/writer.hpp"
#include "shmbus/client_info.hpp"
#include "shmbus/errc.hpp"

namespace shmbus::detail {

std::shared_ptr<core::bus> open_bus(const broker_config& config, std::error_code& ec)
{
  return core::bus::open(config, ec);
}

const broker_config& config_of(const core::bus& b) noexcept { return b.config(); }

std::string describe(const broker_config& c)
{
  const auto directory = c.directory.empty() ? default_directory() : c.directory;
  std::string text = "bus '" + c.name + "' in " + directory.string();
  if (const std::string wrong = core::explain_config(c); !wrong.empty()) text += " (" + wrong + ")";
  return text;
}

void throw_if_not_joined(core::bus* b, const std::error_code& ec, const char* context)
{
  if (!ec) return;
  std::string text = context;
  if (b && ec == errc::too_many_clients)
    if (const std::string why = core::explain_full(*b); !why.empty()) text += " (" + why + ")";
  throw_if(ec, text);
}

reader_handle::reader_handle(const std::shared_ptr<core::bus>& b, const subscriber_options& options,
                             std::error_code& ec)
    : reader_(core::reader::join(b, options, ec)), spin_for_(options.spin_for)
{
}

reader_handle::~reader_handle()
{
  if (reader_) reader_->drop();
}

bool reader_handle::take(message& out, std::error_code& ec) noexcept
{
  if (!reader_->enter(ec)) return false;
  out.reset();
  const bool taken = reader_->take(out.implementation(), ec);
  reader_->leave();
  return taken;
}

std::size_t reader_handle::take_some(std::span<message> out, std::error_code& ec) noexcept
{
  if (!reader_->enter(ec)) return 0;
  const std::size_t count = reader_->take_some(out, ec);
  reader_->leave();
  return count;
}

bool reader_handle::readable(std::error_code& ec) noexcept
{
  if (!reader_->enter(ec)) return false;
  const bool found = reader_->readable();
  reader_->leave();
  return found;
}

bool reader_handle::readable() noexcept
{
  std::error_code ec;
  return readable(ec) || ec;
}

void reader_handle::subscribe(std::string_view pattern, std::error_code& ec)
{
  reader_->subscribe(pattern, ec);
}

void reader_handle::unsubscribe(std::string_view pattern, std::error_code& ec)
{
  reader_->unsubscribe(pattern, ec);
}

std::uint64_t reader_handle::lost() const noexcept { return reader_->lost(); }
client_id reader_handle::id() const noexcept { return reader_->id(); }
void reader_handle::close() noexcept { reader_->close(); }

writer_handle::writer_handle(const std::shared_ptr<core::bus>& b, publisher_options options,
                             std::error_code& ec)
    : writer_(core::writer::join(b, options, ec))
{
}

writer_handle::~writer_handle()
{
  if (writer_) writer_->close();
}

std::size_t writer_handle::try_publish(const topic& t, const payload_view& p, std::error_code& ec)
{
  return writer_->try_publish(t, p, ec);
}

std::size_t writer_handle::try_publish(shmbus::loan& l, std::error_code& ec)
{
  return writer_->try_publish(l, ec);
}

shmbus::loan writer_handle::lend(const topic& t, std::size_t size, std::error_code& ec)
{
  return writer_->lend(t, size, ec);
}

std::size_t writer_handle::subscribers(const topic& t, std::error_code& ec)
{
  return writer_->subscribers(t, ec);
}

bool writer_handle::ask_for_space(const topic& t) { return writer_->ask_for_space(t); }
bool writer_handle::ask_for_space(const shmbus::loan& l) { return writer_->ask_for_space(l); }
void writer_handle::stop_asking() noexcept { writer_->stop_asking(); }
void writer_handle::ask_for_subscribers(bool wanted) noexcept
{
  writer_->ask_for_subscribers(wanted);
}
client_id writer_handle::id() const noexcept { return writer_->id(); }
void writer_handle::close() noexcept { writer_->close(); }

}  // namespace shmbus::detail
