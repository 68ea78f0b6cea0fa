#include "mesh/catalogue.h"

#include "tests/mesh/node_of.h"

#include <gtest/gtest.h>

namespace mesh {
namespace {

Provider provider_of(const std::vector<std::string>& capabilities) {
  AgentDescriptor descriptor;
  for (const std::string& name : capabilities) {
    descriptor.capabilities.emplace_back().name = name;
  }
  Provider provider;
  provider.descriptor = std::make_shared<const AgentDescriptor>(std::move(descriptor));
  return provider;
}

std::vector<base::NodeId> nodes_with(const Catalogue& catalogue, std::string_view capability) {
  std::vector<base::NodeId> out;
  for (const Catalogue::Offer& offer : catalogue.providers_of(capability)) {
    EXPECT_EQ(offer.capability->name, capability);
    out.push_back(offer.entry->node);
  }
  return out;
}

using Nodes = std::vector<base::NodeId>;

TEST(CatalogueTest, FindsProvidersByCapabilityInTheOrderOfIds) {
  Catalogue catalogue;
  catalogue.put(node_of(3), provider_of({"a", "b"}));
  catalogue.put(node_of(1), provider_of({"b"}));
  catalogue.put(node_of(2), Provider{});  // its descriptor is not here yet
  EXPECT_EQ(nodes_with(catalogue, "a"), (Nodes{node_of(3)}));
  EXPECT_EQ(nodes_with(catalogue, "b"), (Nodes{node_of(1), node_of(3)}));
  EXPECT_EQ(nodes_with(catalogue, "c"), Nodes{});
}

TEST(CatalogueTest, FollowsANodeThatChangesWhatItOffers) {
  Catalogue catalogue;
  catalogue.put(node_of(1), provider_of({"a", "b"}));
  catalogue.put(node_of(1), provider_of({"b", "c"}));
  EXPECT_EQ(nodes_with(catalogue, "a"), Nodes{});
  EXPECT_EQ(nodes_with(catalogue, "b"), (Nodes{node_of(1)}));
  EXPECT_EQ(nodes_with(catalogue, "c"), (Nodes{node_of(1)}));
  catalogue.remove(node_of(1));
  EXPECT_TRUE(catalogue.by_capability().empty());
  EXPECT_EQ(catalogue.find(node_of(1)), nullptr);
}

TEST(CatalogueTest, KeepsWhatWasSeenOfANodeWhenItsLoadChanges) {
  Catalogue catalogue;
  const Provider provider = provider_of({"a"});
  catalogue.put(node_of(1), provider);
  catalogue.reach(node_of(1))->outstanding = 7;
  Provider busier = provider;
  busier.load.in_flight = 3;
  catalogue.put(node_of(1), busier);
  EXPECT_EQ(catalogue.reach(node_of(1))->outstanding, 7U);
  EXPECT_EQ(catalogue.providers_of("a").front().entry->provider.load.in_flight, 3U);
}

TEST(CatalogueTest, TakesACapabilityListedTwiceOnce) {
  Catalogue catalogue;
  catalogue.put(node_of(1), provider_of({"a", "a"}));
  EXPECT_EQ(nodes_with(catalogue, "a"), (Nodes{node_of(1)}));
}

}  // namespace
}  // namespace mesh
