#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/error.h"

namespace flowsell::crypto {

// Files that hold keys: mode 0600, written whole or not at all. Every function blocks on the disk;
// errors are kInternal and name the file without its folder, because a detail may be shown to a
// caller.

/// Writes a new file and syncs it and its folder: after success a power cut can't take it away.
/// Fails also when the file exists; it is left as it was.
Result<> create_private_file(const std::filesystem::path& file, std::string_view bytes);

/// Gives an existing file other bytes, whole or not at all, and overwrites those that it had (a
/// help, not a promise). Safe when two processes do it at once, or one reads it.
Result<> replace_private_file(const std::filesystem::path& file, std::string_view bytes);

/// Fails when the file is missing, longer than `size_max`, no regular file, or open to other users
/// (mode & 077).
Result<std::string> read_private_file(const std::filesystem::path& file, std::size_t size_max);

/// Overwrites, syncs, unlinks and syncs the folder. Overwriting is a help, not a promise: a disk
/// may keep old blocks. Success when there is no such file.
Result<> destroy_private_file(const std::filesystem::path& file);

/// Destroys what a process that writes a file has left when it died. It loses its name first, so
/// that one which lives after all can't bring it in; what is another name of a file that is in use
/// loses the name only.
Result<> destroy_leftover_file(const std::filesystem::path& file);

/// What was made or renamed in it survives a power cut.
Result<> sync_folder(const std::filesystem::path& folder);

/// Makes the folder and its parents (0700) when it is missing.
Result<> create_private_folder(const std::filesystem::path& folder);

}  // namespace flowsell::crypto
