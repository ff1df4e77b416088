#pragma once

#include "shmbus/type_id.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>

namespace shmbus {

/// Bytes that are only read.
using bytes = std::span<const std::byte>;

/// A contiguous range of char, unsigned char or std::byte: std::string, std::vector<std::byte>, ...
template <class R>
concept byte_range = std::ranges::contiguous_range<R> && std::ranges::sized_range<R> &&
                     (std::same_as<std::ranges::range_value_t<R>, char> ||
                      std::same_as<std::ranges::range_value_t<R>, unsigned char> ||
                      std::same_as<std::ranges::range_value_t<R>, std::byte>);

/// Has `data()` that gives `const void*` and a `size()` in bytes, like asio::const_buffer.
template <class B>
concept buffer_like = requires(const B& b) {
  {
    b.data()
  } -> std::same_as<const void*>;
  {
    b.size()
  } -> std::convertible_to<std::size_t>;
};

/// What is published: bytes, and the type they had, if they had one.
///
/// Functions that publish take it by value; it converts from all that can be published: text,
/// byte ranges, buffers and values of `publishable` types. It refers to the caller's memory, which
/// must stay until the call returns (or, in an asynchronous form, completes).
class payload_view {
public:
  /// An empty payload.
  constexpr payload_view() noexcept = default;
  /// Bytes as they are.
  constexpr payload_view(bytes data) noexcept : data_(data) {}
  /// Bytes of a value whose type only receivers know, as `message::type()` gave it.
  constexpr payload_view(bytes data, std::uint64_t type) noexcept : data_(data), type_(type) {}
  /// The characters of a text, without a NUL at the end.
  payload_view(std::string_view text) noexcept : data_(std::as_bytes(std::span(text))) {}
  /// The same up to its NUL.
  payload_view(const char* text) noexcept : payload_view(std::string_view(text)) {}

  /// What a buffer refers to.
  template <buffer_like B>
  payload_view(const B& buffer) noexcept
      : data_(static_cast<const std::byte*>(buffer.data()), buffer.size())
  {
  }

  /// The bytes of a container.
  template <byte_range R>
    requires(!buffer_like<R> && !std::is_array_v<R> && !std::same_as<R, bytes> &&
             !std::same_as<R, std::string_view>)
  payload_view(const R& range) noexcept
      : data_(std::as_bytes(std::span(std::ranges::data(range), std::ranges::size(range))))
  {
  }

  /// A value: receivers read it with `message::as<T>()`.
  template <class T>
    requires(!byte_range<T> && !buffer_like<T> &&
             !std::convertible_to<const T&, std::string_view> &&
             !std::convertible_to<const T&, bytes> && !std::is_array_v<T>)
  payload_view(const T& value) noexcept : data_(std::as_bytes(std::span(&value, 1)))
  {
    require_publishable<T>();
    type_ = type_id<T>();
  }

  /// The bytes.
  constexpr bytes data() const noexcept { return data_; }
  /// How many they are.
  constexpr std::size_t size() const noexcept { return data_.size(); }
  /// The type_id() of the value; `untyped` for bytes.
  constexpr std::uint64_t type() const noexcept { return type_; }

private:
  bytes data_;
  std::uint64_t type_ = untyped;
};

}  // namespace shmbus
