// Runs a fuzz target over its corpus, once, where libFuzzer is not linked. Arguments as libFuzzer's:
// options that begin with '-' are passed over, the rest are files and directories.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::size_t run(const std::filesystem::path& path) {
    if (std::filesystem::is_directory(path)) {
        std::size_t inputs = 0;
        for (const auto& entry : std::filesystem::directory_iterator(path))
            inputs += run(entry.path());
        return inputs;
    }
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t inputs = 0;
    for (int i = 1; i < argc; ++i)
        if (argv[i][0] != '-') inputs += run(argv[i]);
    std::printf("%zu inputs\n", inputs);
    return inputs == 0 ? 1 : 0;  // A lost corpus is a failure, not a pass.
}
