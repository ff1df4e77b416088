#include "core/own_messages.hpp"

#include <new>

namespace shmbus::core {

own_messages::~own_messages()
{
  own_block* const list = returned_.load(std::memory_order_acquire);
  if (list != end_mark()) collect(list);
  while (own_block* b = free_) {
    free_ = b->next;
    destroy(b);
  }
}

own_block* own_messages::end_mark() noexcept
{
  alignas(cache_line) static own_block mark{};
  return &mark;
}

void own_messages::destroy(own_block* b) noexcept
{
  ::operator delete(static_cast<void*>(b), std::align_val_t{alignof(own_block)});
}

own_block* own_messages::take_slowly(std::size_t capacity) noexcept
{
  if (capacity <= small_message::capacity) {
    collect(returned_.exchange(nullptr, std::memory_order_acquire));
    if (own_block* b = free_) {
      free_ = b->next;
      return b;
    }
    capacity = small_message::capacity;
  }
  void* memory = ::operator new(sizeof(own_block) + capacity, std::align_val_t{alignof(own_block)},
                                std::nothrow);
  if (!memory) {
    --held_;
    return nullptr;
  }
  return ::new (memory) own_block{nullptr, capacity};
}

void own_messages::collect(own_block* list) noexcept
{
  while (list) {
    own_block* const b = list;
    list = b->next;
    --held_;
    if (b->capacity == small_message::capacity) {
      b->next = free_;
      free_ = b;
    } else {
      destroy(b);
    }
  }
}

bool own_messages::give_back_slowly(own_block& b) noexcept
{
  own_block* head = returned_.load(std::memory_order_relaxed);
  do {
    if (head == end_mark()) {
      destroy(&b);
      // acq_rel: who is the last ends what the others used.
      return left_.fetch_sub(1, std::memory_order_acq_rel) == 1;
    }
    b.next = head;
    // release: pairs with the acquire of who collects; the message is read no more.
  } while (!returned_.compare_exchange_weak(head, &b, std::memory_order_release,
                                            std::memory_order_relaxed));
  return false;
}

bool own_messages::finish() noexcept
{
  finished_ = true;
  collect(returned_.exchange(end_mark(), std::memory_order_acq_rel));
  const auto held = static_cast<std::int64_t>(held_);
  return left_.fetch_add(held, std::memory_order_acq_rel) + held == 0;
}

}  // namespace shmbus::core
