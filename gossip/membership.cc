#include "gossip/membership.h"
