// What the KV of a model depends on besides the tokens, as one hash (design §5.2): content, not names. Any thread.
#pragma once

#include <span>
#include <string_view>

#include "engine/base/hash.h"
#include "engine/model/config.h"
#include "engine/model/kv_layout.h"

namespace larder::model {

// graph: the name of the architecture file. frequencies: radians per position of every rope pair, scaling included.
// weights: WeightLoader::contentHash(). The versions of arithmetic and layout are added here.
base::Hash128 kvIdentity(std::string_view graph, const Config& config, const KvLayout& layout, std::span<const double> frequencies,
                         const base::Hash128& weights);

}  // namespace larder::model
