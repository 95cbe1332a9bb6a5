// A running backend, as a command calls it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "base/error.h"
#include "imece/cli/shell.h"
#include "sdk/cpp/device.h"
#include "sdk/cpp/peer_error.h"

namespace imece::cli {

/// Where it is.
struct ServerOptions {
    std::string server = "127.0.0.1:7310";
    std::string ca;
    std::uint32_t timeout_s = 10;
    void add_to(CLI::App& command);
};

/// As whom to call.
struct SignInOptions {
    std::string user;
    std::string password_file;
    /// "--user" and "--password-file", with `prefix` after the dashes.
    void add_to(CLI::App& command, const std::string& prefix = "");
};

/// One backend and the token that calls carry. Calls block until the answer or the time-out.
class Backend {
public:
    /// Plain on loopback, TLS elsewhere. Errors: kInvalidArgument ARGUMENT_INVALID for an address
    /// that is none; CONFIG_INVALID for a CA file that cannot be read. Nothing is sent yet.
    static Result<Backend> open(const ServerOptions& options);

    /// As `user` with the password of a file where that is given; else with the session that `imece
    /// login` left for this server.
    /// Errors: kUnauthenticated SIGN_IN_NEEDED; those of Login.
    Status sign_in(Shell& shell, const SignInOptions& options);
    /// As a device, by its key; gives it its fresh credential. Errors: those of SignInDevice.
    Status sign_in(sdk::Device& device);

    /// Calls `method` (&Service::Stub::Method). An expired token of a session is renewed, once.
    /// Errors: the backend's; kUnavailable PEER_UNREACHABLE.
    template <class Stub, class Request, class Response>
    Result<Response> call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                       Response*),
                          const Request& request) {
        Stub stub(channel_);
        for (bool renewed = false;; renewed = true) {
            grpc::ClientContext context;
            context.set_deadline(std::chrono::system_clock::now() + timeout_);
            authorise(context);
            Response response;
            const grpc::Status status = (stub.*method)(&context, request, &response);
            if (status.ok()) return response;
            Error error = sdk::error_of(status);
            if (renewed || !may_renew(error)) return std::unexpected(std::move(error));
            if (auto fresh = renew(); !fresh) return std::unexpected(std::move(fresh).error());
        }
    }

    /// Asks for page after page, and gives each to `take(Response&)`. Errors: as call().
    template <class Stub, class Request, class Response, class Take>
    Status each_page(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                     const Take& take) {
        Request request;
        request.set_page_size(1000);
        do {
            auto page = call(method, request);
            if (!page) return std::unexpected(std::move(page).error());
            take(*page);
            request.set_page_token(page->next_page_token());
        } while (!request.page_token().empty());
        return {};
    }

    const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
    void authorise(grpc::ClientContext& context) const;
    /// True for an expired token that can be replaced by renew().
    bool may_renew(const Error& error) const;
    /// Errors: those of RefreshSession; kUnauthenticated SIGN_IN_NEEDED.
    Status renew();
    /// As it was given.
    const std::string& server() const { return server_; }

private:
    Backend() = default;
    Status use_session(Shell& shell);

    std::string server_;
    std::shared_ptr<grpc::Channel> channel_;
    std::chrono::seconds timeout_{10};
    std::string token_;
    Shell* session_ = nullptr;  ///< Where the token is a session's: that session can be renewed.
};

}  // namespace imece::cli
