// What this machine has, and whether a folder or a port can be used: for the wizard, the settings page and the fit of
// models. Any thread; each verb asks the system anew and may block on the disk for a moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace larder {

struct Machine {
    std::string processor;                   // "AMD EPYC 7B13", as the system calls it; may be empty
    std::size_t cores = 1;                   // physical cores this process may use
    std::uint64_t memoryBytes = 0;           // RAM this process may use (a container's limit counts)
    std::uint64_t availableMemoryBytes = 0;  // of it, what could be had without swapping
};
Machine readMachine();

std::uint64_t processMemoryBytes();  // resident memory of this process

struct FolderCheck {
    bool exists = false;
    bool writable = false;               // could be made and written; nothing is left behind by the check
    std::uint64_t freeBytes = 0;         // where it is or would be
    std::string problem;                 // empty, or one sentence that says what to do
};
// path as the user typed it ("~" allowed). Creates nothing that stays.
FolderCheck checkFolder(const std::filesystem::path& path);

std::uint64_t freeBytesAt(const std::filesystem::path& path);  // nearest existing parent counts; 0 if unknown

// Empty, or one sentence why nobody could listen there now ("port 1337 is used by another program: choose ...").
std::string checkPort(const std::string& host, std::uint16_t port);

}  // namespace larder
