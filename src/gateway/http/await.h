// Waiting in a coroutine for a callback that comes on another thread. Internal to http/.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <utility>

namespace imece::gateway {

/// `co_await answer_of<bool>([&](auto done) { stream.write(frame, std::move(done)); })`: the coroutine goes on, on its
/// own thread, once `done(value)` was called on any.
template <class T, class Begin>
boost::asio::awaitable<T> answer_of(Begin begin) {
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(T)>(
        [](auto handler, Begin start) {
            start(std::move_only_function<void(T)>([handler = std::move(handler)](T value) mutable {
                auto executor = boost::asio::get_associated_executor(handler);
                boost::asio::post(
                    executor, [handler = std::move(handler), value = std::move(value)]() mutable {
                        std::move(handler)(std::move(value));
                    });
            }));
        },
        boost::asio::use_awaitable, std::move(begin));
}

}  // namespace imece::gateway
