#include "shmbus/type_id.hpp"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

// At namespace scope, not in an unnamed one: g++ and clang must call them the same.
namespace type_id_test {

struct point {
  double x, y, z;
};
struct same_shape {
  double x, y, z;
};
enum class color : std::uint8_t { red, green };
template <class T, std::size_t N>
struct block {
  T values[N];
};
struct renamed {
  int x;
};
struct renamed_later {
  int x;
};
struct renamed_and_larger {
  int x, y;
};
struct hidden {
  hidden() : p_(nullptr) {}

private:
  [[maybe_unused]] int* p_;
};
struct false_alarm {
  void* tag;
};

}  // namespace type_id_test

template <>
inline constexpr std::string_view shmbus::type_name<type_id_test::renamed> = "test/renamed/v1";
template <>
inline constexpr std::string_view shmbus::type_name<type_id_test::renamed_later> =
    "test/renamed/v1";
template <>
inline constexpr std::string_view shmbus::type_name<type_id_test::renamed_and_larger> =
    "test/renamed/v1";
template <>
inline constexpr bool shmbus::contains_pointer<type_id_test::hidden> = true;
template <>
inline constexpr bool shmbus::contains_pointer<type_id_test::false_alarm> = false;

namespace {

using namespace type_id_test;
using shmbus::publishable;
using shmbus::type_id;

// What is published as a value.
static_assert(publishable<int> && publishable<double> && publishable<bool> && publishable<char>);
static_assert(publishable<color> && publishable<std::byte>);
static_assert(publishable<point> && publishable<const point>);
static_assert(publishable<block<point, 1000>> && publishable<int[3][4]>);
static_assert(publishable<std::array<char, 65536>> && publishable<std::array<point, 2>>);
static_assert(publishable<std::chrono::nanoseconds>);
static_assert(publishable<std::optional<int>> && publishable<std::variant<int, point>>);

// What is not: not trivially copyable, or no object at all.
static_assert(!publishable<std::string> && !publishable<std::vector<int>>);
static_assert(!publishable<void> && !publishable<int&> && !publishable<int()>);

// Pointers in all but name.
static_assert(!publishable<int*> && !publishable<const char* const> && !publishable<void (*)()>);
static_assert(!publishable<double point::*> && !publishable<std::nullptr_t>);
static_assert(!publishable<std::string_view> && !publishable<std::span<int>>);
static_assert(!publishable<std::span<const std::byte, 4>>);
static_assert(!publishable<std::reference_wrapper<int>>);
static_assert(!publishable<std::initializer_list<int>> && !publishable<std::coroutine_handle<>>);
static_assert(!publishable<std::error_code>);
static_assert(shmbus::contains_pointer<int&>);

// Looked through.
static_assert(!publishable<int* [3]> && !publishable<std::array<int*, 3>>);
static_assert(!publishable<std::optional<std::string_view>>);
static_assert(!publishable<std::variant<int, char*>>);
static_assert(shmbus::contains_pointer<std::pair<int, int*>>);
static_assert(shmbus::contains_pointer<std::tuple<int, int&>>);
static_assert(!shmbus::contains_pointer<std::tuple<int, point>>);

struct pointer_first {
  int* p;
  int x;
};
struct pointer_after_arrays {
  char name[64];
  int grid[3][4];
  std::array<point, 100> points;
  const char* unit;
};
struct same_without_pointer {
  char name[64];
  int grid[3][4];
  std::array<point, 100> points;
  char unit;
};
struct deep {
  int a;
  struct {
    char b[3];
    pointer_first c[2];
  } d;
};
struct linked {
  linked* next;
};
struct view_inside {
  int a;
  std::span<int> view;
};
static_assert(!publishable<pointer_first> && !publishable<pointer_after_arrays>);
static_assert(publishable<same_without_pointer>);
static_assert(!publishable<deep> && !publishable<linked> && !publishable<view_inside>);

// Base classes, bit-fields, const and volatile fields, empty ones.
struct empty {};
struct base {
  int a;
};
struct pointer_base {
  int* p;
};
struct derived : base, empty {
  int b[2];
};
struct derived_from_pointer : base, pointer_base {
  int b;
};
struct derived_with_pointer : empty, base {
  int b[2];
  int* p;
};
static_assert(publishable<empty> && publishable<derived>);
static_assert(!publishable<derived_from_pointer> && !publishable<derived_with_pointer>);
struct bits {
  unsigned a : 3;
  unsigned : 0;
  bool b : 1;
};
struct bits_and_pointer {
  unsigned a : 3, b : 9;
  void* p;
};
static_assert(publishable<bits> && !publishable<bits_and_pointer>);
struct qualified {
  const int a;
  const point b;
  volatile int c;
  [[no_unique_address]] empty d;
};
struct qualified_pointer {
  empty a;
  int* const volatile p;
};
// contains_pointer, as compilers do not agree on what const fields are trivially copyable
static_assert(!shmbus::contains_pointer<qualified>);
static_assert(shmbus::contains_pointer<qualified_pointer>);

// Unions: by their first member.
struct with_union {
  int tag;
  union {
    int i;
    float f;
  };
  int after;
};
struct pointer_after_union {
  int tag;
  union {
    int i;
    float f;
  };
  int* after;
};
struct pointer_in_union {
  int tag;
  union {
    void* p;
    std::uint64_t n;
  };
};
static_assert(publishable<with_union> && !publishable<pointer_after_union>);
static_assert(!publishable<pointer_in_union>);

// References.
struct reference {
  int a[2];
  int& r;
};
struct references {
  int& r;
  int a;
  int& s;
};
struct const_reference {
  int a;
  const double& r;
  int b;
};
static_assert(shmbus::contains_pointer<reference> && shmbus::contains_pointer<references>);
static_assert(shmbus::contains_pointer<const_reference>);

// Fields that are awkward to initialise.
struct no_default {
  explicit no_default(int value) : a(value) {}
  int a;
};
struct behind_no_default {
  no_default a;
  const no_default b;
  int c;
};
struct pointer_behind_no_default {
  no_default a;
  int* p;
};
struct own_initialisers {
  no_default a = no_default(1);
  int* p = nullptr;
};
struct greedy {
  greedy() = default;
  template <class T>
  greedy(T);
  int a;
};
struct with_greedy {
  greedy a;
  int b;
};
struct pointer_behind_greedy {
  greedy a;
  int* p;
};
static_assert(!shmbus::contains_pointer<behind_no_default>);
static_assert(!publishable<pointer_behind_no_default>);
static_assert(!publishable<own_initialisers>);
static_assert(publishable<with_greedy> && !publishable<pointer_behind_greedy>);

// As far as a concept can tell: 24 fields, and none that is private.
struct pointer_is_24th {
  int a[1], b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w;
  int* x;
};
struct pointer_is_25th {
  int a[1], b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x;
  int* y;
};
static_assert(!publishable<pointer_is_24th> && publishable<pointer_is_25th>);
class secretive {
public:
  secretive() : p_(nullptr) {}

private:
  [[maybe_unused]] int* p_;
};
static_assert(publishable<secretive>);

// Told otherwise by their author.
struct with_hidden {
  int a;
  hidden b;
};
static_assert(!publishable<hidden> && !publishable<with_hidden>);
static_assert(publishable<false_alarm> && publishable<false_alarm[2]>);

struct alignas(64) aligned_enough {
  int a;
};
struct alignas(128) aligned_too_much {
  int a;
};
static_assert(publishable<aligned_enough> && !publishable<aligned_too_much>);

// The number is a constant, and never untyped.
static_assert(type_id<int>() != shmbus::untyped && type_id<point>() != shmbus::untyped);

}  // namespace

TEST_CASE("type_id: a type with const, volatile or a reference has the id of the type")
{
  CHECK(type_id<const point&>() == type_id<point>());
  CHECK(type_id<volatile int>() == type_id<int>());
  CHECK(type_id<point&&>() == type_id<point>());
}

TEST_CASE("type_id: different types have different ids, also of the same shape")
{
  const std::set<std::uint64_t> all{
      type_id<point>(),         type_id<same_shape>(),    type_id<color>(),
      type_id<bool>(),          type_id<char>(),          type_id<signed char>(),
      type_id<unsigned char>(), type_id<short>(),         type_id<unsigned short>(),
      type_id<int>(),           type_id<unsigned>(),      type_id<long>(),
      type_id<unsigned long>(), type_id<long long>(),     type_id<unsigned long long>(),
      type_id<float>(),         type_id<double>(),        type_id<long double>(),
      type_id<block<int, 3>>(), type_id<block<int, 4>>(), type_id<block<unsigned, 3>>(),
      type_id<int[3]>()};
  CHECK(all.size() == 22);
}

TEST_CASE("type_id: every supported compiler gives the same")
{
  CHECK(type_id<int>() == 0xf98f0e3a1d7b989f);
  CHECK(type_id<point>() == 0xd646bc649230485a);
  CHECK(type_id<block<unsigned long, 3>>() == 0x4fafba33f618aba3);
  CHECK(type_id<block<block<long long, 2>, 3>[4]>() == 0x1927fbf1db4240de);
}

TEST_CASE("type_id: a name that was given replaces the compiler's")
{
  CHECK(type_id<renamed>() == type_id<renamed_later>());
  CHECK(type_id<renamed>() != type_id<int>());
}

TEST_CASE("type_id: a type that grew has another id, though it kept its name")
{
  CHECK(type_id<renamed>() != type_id<renamed_and_larger>());
}

TEST_CASE("require_publishable: compiles for what is publishable")
{
  shmbus::require_publishable<point>();
  shmbus::require_publishable<same_without_pointer>();
}
