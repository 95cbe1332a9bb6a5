// Runs an io_context until a test has what it waits for.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>

namespace imece::sdk {

/// False (and a failure) when `done()` does not hold within 20 s.
template <class Done>
bool run_until(boost::asio::io_context& io, const Done& done) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!done()) {
        io.restart();
        if (std::chrono::steady_clock::now() > deadline) {
            ADD_FAILURE() << "what was waited for did not come";
            return false;
        }
        io.run_one_for(std::chrono::milliseconds(100));
    }
    return true;
}

}  // namespace imece::sdk
