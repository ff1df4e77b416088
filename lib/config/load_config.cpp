#include "shmbus/load_config.hpp"

#include "config/load.hpp"

namespace shmbus {
namespace {

config::settings load(const config_source& source)
{
  try {
    return config::load(source).values;
  } catch (const config::problem& p) {
    throw error(p.code(), p.what());
  }
}

config::settings load(const config_source& source, std::error_code& ec)
{
  try {
    ec.clear();
    return config::load(source).values;
  } catch (const config::problem& p) {
    ec = p.code();
    return {};
  }
}

}  // namespace

broker_config load_config(const config_source& source) { return load(source).bus; }

broker_config load_config(std::error_code& ec) { return load({}, ec).bus; }

broker_config load_config(const config_source& source, std::error_code& ec)
{
  return load(source, ec).bus;
}

broker_config load_config(const std::filesystem::path& file)
{
  return load({.file = file, .bus = {}}).bus;
}

broker_config load_config(const std::filesystem::path& file, std::error_code& ec)
{
  return load({.file = file, .bus = {}}, ec).bus;
}

subscriber_options load_subscriber_options(const config_source& source)
{
  return load(source).subscriber;
}

subscriber_options load_subscriber_options(const config_source& source, std::error_code& ec)
{
  return load(source, ec).subscriber;
}

publisher_options load_publisher_options(const config_source& source)
{
  return load(source).publisher;
}

publisher_options load_publisher_options(const config_source& source, std::error_code& ec)
{
  return load(source, ec).publisher;
}

}  // namespace shmbus
