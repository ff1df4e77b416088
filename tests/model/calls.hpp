#pragma once

/// System calls on real files, each of which is a step: the processes of the model are fibers of one,
/// and so are their descriptors. Locks belong to open file descriptions, so they conflict as between
/// processes; who is killed has his descriptors closed, as the kernel does.
namespace model::calls {

/// Before each execution.
void begin();
/// The descriptors of the calling process stay open beyond this: of who sets the stage.
int open_descriptors() noexcept;

}  // namespace model::calls
