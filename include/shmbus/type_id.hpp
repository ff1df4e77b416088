#pragma once

#include "shmbus/detail/contains_pointer.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace shmbus {

/// The type of a message that was published as bytes.
inline constexpr std::uint64_t untyped = 0;

/// A name for a type that stays when the type is renamed, moved or compiled by another compiler.
///
/// Without one, the name is what the compiler calls the type: g++ and clang agree for types at
/// namespace scope, and may differ for those in functions and unnamed namespaces. Give it before the
/// type is first used:
/// `template <> inline constexpr std::string_view shmbus::type_name<my_type> = "my/type/v1";`
template <class T>
inline constexpr std::string_view type_name = {};

namespace detail {

template <class ShmbusType>
constexpr auto spell()  // auto: g++ would add what a named type stands for
{
  return __PRETTY_FUNCTION__;
}

// What stands before and after the type in __PRETTY_FUNCTION__ is measured on a known one.
template <class T>
constexpr std::string_view spelling() noexcept
{
  constexpr std::string_view known = spell<char>();
  constexpr std::size_t before = known.find("= char") + 2;
  constexpr std::size_t after = known.size() - before - 4;
  const std::string_view whole = spell<T>();
  return whole.substr(before, whole.size() - before - after);
}

/// FNV-1a.
class type_hash {
public:
  constexpr void add(char c) noexcept
  {
    value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  constexpr void add(std::string_view text) noexcept
  {
    for (const char c : text) add(c);
  }
  constexpr void add(std::size_t n) noexcept
  {
    for (int shift = 0; shift != 64; shift += 8) add(static_cast<char>(n >> shift & 0xff));
  }
  constexpr std::uint64_t value() const noexcept { return value_; }

private:
  std::uint64_t value_ = 0xcbf29ce484222325;
};

constexpr bool in_word(char c) noexcept
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// What one word says about an integer type; 0: it is not such a word. They add up.
constexpr int integer_word(std::string_view word) noexcept
{
  if (word == "int") return 0x80;
  if (word == "long") return 0x81;
  if (word == "short") return 0x84;
  if (word == "unsigned") return 0x88;
  if (word == "signed") return 0x90;
  return 0;
}

// g++ and clang spell the same type differently, and here it becomes the same: `long unsigned int`
// and `unsigned long`, `int [3]` and `int[3]`, `> >` and `>>`.
constexpr void add_spelling(type_hash& hash, std::string_view text) noexcept
{
  int integer = 0;  // of the words of an integer type that came last
  bool after_word = false;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && in_word(text[end])) ++end;
    const bool word = end != i;
    const std::string_view token = text.substr(i, word ? end - i : 1);
    i += token.size();
    if (const int part = integer_word(token)) {
      integer = (integer | 0x80) + (part & 0x7f);
      continue;
    }
    if (integer) hash.add(static_cast<char>(integer));
    if (after_word && word && !integer) hash.add(' ');
    hash.add(token);
    integer = 0;
    after_word = word;
  }
  if (integer) hash.add(static_cast<char>(integer));
}

template <class T>
consteval std::uint64_t compute_type_id()
{
  type_hash hash;
  if (type_name<T>.empty())
    add_spelling(hash, spelling<T>());
  else
    hash.add(type_name<T>);
  hash.add(sizeof(T));
  hash.add(alignof(T));
  return hash.value() == untyped ? 1 : hash.value();
}

// A constant, so that publishing does not compute it.
template <class T>
inline constexpr std::uint64_t type_id_of = compute_type_id<T>();

}  // namespace detail

/// A number for the type, in which its name, size and alignment take part: the same in every
/// process, never `untyped`. Whether a T is const, volatile or a reference makes no difference.
template <class T>
constexpr std::uint64_t type_id() noexcept
{
  return detail::type_id_of<std::remove_cvref_t<T>>;
}

/// Messages lie on such a boundary.
inline constexpr std::size_t max_alignment = 64;

/// A type whose bytes mean the same in another process, as far as a concept can tell.
template <class T>
concept publishable =
    std::is_trivially_copyable_v<T> && !contains_pointer<T> && alignof(T) <= max_alignment;

/// Fails to compile, and says why, if T is not publishable.
template <class T>
constexpr void require_publishable()
{
  static_assert(std::is_trivially_copyable_v<T>,
                "shmbus: a published type must be trivially copyable: no std::string, no "
                "std::vector, no virtual functions, no copy constructor or destructor of its own. "
                "Publish its bytes instead.");
  static_assert(!contains_pointer<T>,
                "shmbus: a published type must not contain a pointer, a reference or a view: it "
                "would point nowhere in the process that receives it. If this one does not, "
                "specialise shmbus::contains_pointer for it.");
  static_assert(alignof(T) <= max_alignment,
                "shmbus: a published type must not be aligned to more than 64 bytes.");
}

}  // namespace shmbus
