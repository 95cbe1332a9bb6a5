// Test vectors of others, where they are at hand: under $IMECE_VECTORS, or the folder of shared test data.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace imece::crypto {

inline std::filesystem::path vectors(const char* name) {
    const char* const folder = std::getenv("IMECE_VECTORS");
    return std::filesystem::path(folder ? folder : "/work/shared/data/vectors") / name;
}

inline boost::json::value read_json(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return boost::json::parse(text);
}

}  // namespace imece::crypto

#define SKIP_WITHOUT(file) \
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "no vectors: " << (file) << " is not there"
