#pragma once

#include "core/audit.hpp"
#include "core/lane.hpp"
#include "core/page_table.hpp"
#include "core/words.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace shmbus::core {

/// One look of an audit at the whole bus.
class audit_look {
public:
  explicit audit_look(bus& b) : bus_(b) {}

  audit_report take();

private:
  /// A chunk that some lane names, as far as its header says.
  struct extent {
    std::uint64_t begin;
    std::uint64_t end;
    friend auto operator<=>(const extent&, const extent&) = default;
  };

  void look_at_slots();
  void look_at_bells();
  void look_at_client(std::uint32_t slot);
  void look_at_directory(lessee publisher, slot_state state);
  void look_at_lane(lessee publisher, slot_state state, std::uint32_t subscriber, place_word place);
  void look_at_positions(const lane_view& lane, lane_shape shape, lessee publisher,
                         lessee subscriber, std::string_view name);
  void look_at_statistics(lessee client, client_role role);
  void look_at_counts();
  void look_at_chunks(lessee publisher, const lane_view& lane, lane_shape shape,
                      std::string_view name);
  void look_at_small(const lane_view& lane, std::uint32_t index, std::string_view name);
  bool look_at_chunk(lessee publisher, std::uint64_t chunk, const std::string& name, extent& where);
  void look_at_patterns(lessee subscriber);
  void look_at_pages();
  bool reach(lessee owner, std::uint32_t first, std::uint32_t count, std::string_view what);

  void problem(std::string text) { report_.problems.push_back(std::move(text)); }
  void pending(std::string text) { report_.pending.push_back(std::move(text)); }
  /// What these clients leave only between two of their steps: a problem, unless one is stopped there.
  void unfinished(std::initializer_list<std::uint32_t> slots, std::string text);

  bus& bus_;
  audit_report report_;
  std::vector<slot_word> seen_;        // by slot
  std::vector<bool> reached_;          // pages of `control`
  std::vector<extent> extents_;        // chunks of one lane
  std::vector<std::uint64_t> taken_;   // by subscriber's slot: in all lanes that are there
  std::vector<std::uint64_t> pushed_;  // by publisher's slot: in the lane that had most
};

}  // namespace shmbus::core
