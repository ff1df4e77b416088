#pragma once

#include <coroutine>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <span>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace shmbus {

namespace detail {
template <class T>
consteval bool find_pointer();
}  // namespace detail

/// Whether a T holds a pointer, a reference or a view: an address, which means nothing to the
/// process that receives it. True only where that can be told; see detail::find_pointer().
///
/// Specialise it for a type that is judged wrongly, or that hides its pointer:
/// `template <> inline constexpr bool shmbus::contains_pointer<my_handle> = true;`
/// `= false` counts for that type and arrays of it; an aggregate around it needs its own.
template <class T>
inline constexpr bool contains_pointer = detail::find_pointer<T>();

template <class Char, class Traits>
inline constexpr bool contains_pointer<std::basic_string_view<Char, Traits>> = true;
template <class T, std::size_t Extent>
inline constexpr bool contains_pointer<std::span<T, Extent>> = true;
template <class T>
inline constexpr bool contains_pointer<std::reference_wrapper<T>> = true;
template <class T>
inline constexpr bool contains_pointer<std::initializer_list<T>> = true;
template <class Promise>
inline constexpr bool contains_pointer<std::coroutine_handle<Promise>> = true;
template <>
inline constexpr bool contains_pointer<std::error_code> = true;  // points to its category
template <>
inline constexpr bool contains_pointer<std::error_condition> = true;

template <class... Ts>
inline constexpr bool contains_pointer<std::variant<Ts...>> = (contains_pointer<Ts> || ...);
template <class... Ts>
inline constexpr bool contains_pointer<std::tuple<Ts...>> = (contains_pointer<Ts> || ...);
template <class First, class Second>
inline constexpr bool contains_pointer<std::pair<First, Second>> =
    contains_pointer<First> || contains_pointer<Second>;

namespace detail {

// The fields of an aggregate are tried, not bound: can the field after `{}, {}, {}` be initialised
// by something that converts only to types that contain a pointer? Structured bindings would give
// the fields' types, but need their exact number, and a wrong one, a base class or an anonymous
// union is a hard error. A trial that does not compile is simply a "no".

template <class T>
struct from_pointer {
  template <class U>
    requires(!std::is_same_v<U, T>) && contains_pointer<U>
  operator U() const noexcept;
};

template <class T>
struct from_anything {
  template <class U>
    requires(!std::is_same_v<U, T>)
  operator U() const noexcept;
};

struct from_lvalue {
  template <class U>
  operator U&() const noexcept;
};

// A field that takes even this has a constructor that takes everything: its answers mean nothing.
struct from_nothing {};

// `{}` before the field tried stands for a whole array, and for any type with a default.
#define SHMBUS_FIELD_AFTER(...)                         \
  (                                                     \
      requires { T{__VA_ARGS__ from_pointer<T>{}}; } && \
      !requires { T{__VA_ARGS__ from_nothing{}}; })
#define SHMBUS_FOUR_FIELDS_AFTER(...)                                                  \
  SHMBUS_FIELD_AFTER(__VA_ARGS__)                                                      \
  || SHMBUS_FIELD_AFTER({}, __VA_ARGS__) || SHMBUS_FIELD_AFTER({}, {}, __VA_ARGS__) || \
      SHMBUS_FIELD_AFTER({}, {}, {}, __VA_ARGS__)
#define SHMBUS_FOUR {}, {}, {}, {},
#define SHMBUS_EIGHT SHMBUS_FOUR SHMBUS_FOUR

template <class T>
consteval bool has_pointer_field()
{
  return SHMBUS_FOUR_FIELDS_AFTER() || SHMBUS_FOUR_FIELDS_AFTER(SHMBUS_FOUR) ||
         SHMBUS_FOUR_FIELDS_AFTER(SHMBUS_EIGHT) ||
         SHMBUS_FOUR_FIELDS_AFTER(SHMBUS_EIGHT SHMBUS_FOUR) ||
         SHMBUS_FOUR_FIELDS_AFTER(SHMBUS_EIGHT SHMBUS_EIGHT) ||
         SHMBUS_FOUR_FIELDS_AFTER(SHMBUS_EIGHT SHMBUS_EIGHT SHMBUS_FOUR);
}

#undef SHMBUS_EIGHT
#undef SHMBUS_FOUR
#undef SHMBUS_FOUR_FIELDS_AFTER
#undef SHMBUS_FIELD_AFTER

// The same behind fields without a default, of types that from_anything becomes.
template <class T, class... Before>
consteval bool has_pointer_field_after_filled()
{
  if constexpr (
      requires {
        T{Before{}..., from_pointer<T>{}};
      } &&
      !requires {
        T{Before{}..., from_nothing{}};
      })
    return true;
  else if constexpr (sizeof...(Before) < 23)
    return has_pointer_field_after_filled<T, Before..., from_anything<T>>();
  else
    return false;
}

// The last field that must not be left out is a reference if only an lvalue initialises it, or if
// `{}`, which is what leaving out stands for elsewhere, does.
template <class T, class... Before>
consteval bool has_reference_field()
{
  if constexpr (requires { T{Before{}...}; } || sizeof...(Before) == 24)
    return false;
  else if constexpr (requires { T{Before{}..., from_lvalue{}}; })
    return !requires { T{Before{}..., from_anything<T>{}}; } || requires { T{Before{}..., {}}; };
  else
    return has_reference_field<T, Before..., from_lvalue>();
}

/// Looks through arrays, tuples, variants, aggregates with their bases (the first 24 fields) and
/// what calls itself a container (`value_type`). A union is judged by its first member. What hides
/// its fields, or has a field that cannot be tried, is taken to hold none.
template <class T>
consteval bool find_pointer()
{
  using plain = std::remove_cv_t<std::remove_all_extents_t<T>>;
  if constexpr (std::is_reference_v<T> || std::is_pointer_v<T> || std::is_member_pointer_v<T> ||
                std::is_null_pointer_v<T>)
    return true;
  else if constexpr (!std::is_same_v<plain, T>)
    return contains_pointer<plain>;
  else if constexpr (std::is_aggregate_v<T>)
    return has_pointer_field<T>() || has_pointer_field_after_filled<T>() ||
           (!std::is_copy_assignable_v<T> && has_reference_field<T>());
  else if constexpr (requires { typename T::value_type; })
    return contains_pointer<typename T::value_type>;
  else
    return false;
}

}  // namespace detail
}  // namespace shmbus
