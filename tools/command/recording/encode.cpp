#include "command/recording/encode.hpp"

#include "command/recording/checksum.hpp"
#include "command/recording/little_endian.hpp"

namespace shmbus::recording {
namespace {

// The head holds the checksum of the body, so it is filled in when that is there.
class head_and_body {
public:
  head_and_body(std::string& out, kind what) : out_(out), begin_(out.size()), kind_(what)
  {
    out.resize(begin_ + record_head_size);
  }

  void finish() noexcept
  {
    const bytes whole = std::as_bytes(std::span(out_)).subspan(begin_);
    const bytes body = whole.subspan(record_head_size);
    put_number(out_, begin_ + 8, checksum(body));
    put_number(out_, begin_ + 16, std::uint64_t{body.size()});
    put_number(out_, begin_ + 24, static_cast<std::uint32_t>(kind_));
    put_number(out_, begin_ + 28, std::uint32_t{0});
    put_number(out_, begin_, checksum(whole.subspan(8, record_head_size - 8)));
  }

private:
  std::string& out_;
  std::size_t begin_;
  kind kind_;
};

}  // namespace

void append_file_head(std::string& out)
{
  out += magic;
  append_number(out, version);
  append_number(out, std::uint32_t{0});
}

void append(std::string& out, const start_record& start)
{
  head_and_body r(out, kind::start);
  append_number(out, start.wall_clock_ns);
  append_number(out, start.monotonic_ns);
  out += start.bus;
  r.finish();
}

void append(std::string& out, const message_record& message)
{
  head_and_body r(out, kind::message);
  append_number(out, message.time_ns);
  append_number(out, message.sequence);
  append_number(out, message.type);
  append_number(out, message.publisher.slot);
  append_number(out, message.publisher.generation);
  append_number(out, static_cast<std::uint32_t>(message.topic.size()));
  append_number(out, std::uint32_t{message.time_of_receipt});
  out += message.topic;
  out.append(reinterpret_cast<const char*>(message.payload.data()), message.payload.size());
  r.finish();
}

void append(std::string& out, const gap_record& gap)
{
  head_and_body r(out, kind::gap);
  append_number(out, gap.time_ns);
  append_number(out, gap.lost);
  r.finish();
}

}  // namespace shmbus::recording
