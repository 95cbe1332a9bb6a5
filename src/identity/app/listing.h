// How every list is read page by page.
#pragma once

#include "base/result.h"
#include "identity/app/users.h"

namespace imece::identity {

/// `read(page)` gives items by ascending `id`. One item more than the page is asked for: it tells
/// whether there is a next page.
template <class Item, class Read>
Result<Listed<Item>> list_page(std::string_view list, std::int32_t size, const std::string& token,
                               const Read& read) {
    IMECE_TRY(Page page, parse_page(list, size, token));
    const std::size_t wanted = page.size++;
    IMECE_TRY(std::vector<Item> items, read(page));
    Listed<Item> listed;
    if (items.size() > wanted) {
        items.resize(wanted);
        listed.next_page_token = page_token(list, items.back().id.bytes);
    }
    listed.items = std::move(items);
    return listed;
}

}  // namespace imece::identity
