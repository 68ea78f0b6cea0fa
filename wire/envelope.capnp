@0xb1d3a4c5e6f70811;
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("wire::schema");

# What fits between any two nodes beside the kernel's own messages: an error that a peer may answer
# to a question over a link.
struct Refusal {
  reason @0 :Text;  # one word: busy, unknown, draining, malformed
}
