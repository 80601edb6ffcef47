// Package rng gives each consumer of randomness its own stream by name, so that adding a consumer does not shift the
// others and the order in which they draw does not matter.
package rng

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// Source returns the generator of the named stream of a run with this seed. PCG marshals itself, so a checkpoint can
// hold it.
func Source(seed uint64, name string) *rand.PCG {
	h := sha256.Sum256(fmt.Appendf(nil, "%d/%s", seed, name))
	return rand.NewPCG(binary.BigEndian.Uint64(h[:]), binary.BigEndian.Uint64(h[8:]))
}

// Stream is Source as a *rand.Rand.
func Stream(seed uint64, name string) *rand.Rand { return rand.New(Source(seed, name)) }
