// Package cert is the trusted base of Plumb: it reads a .plumb bundle strictly and decides in exact arithmetic whether
// the claim in it follows from the numbers in it.
//
// What is trusted: this package, the Go standard library (zip inflation, JSON tokens, SHA-256, math/big) and the
// compiler. What is not: whoever made the file. Every inequality is derived again from the stored weights and the
// witness; no status, norm or flag of the file is believed. docs/bundle.md and docs/system-bundle.md are the formats and
// state each claim.
//
// An auditor reads, in this order:
//
//	claim_*.go                                     one file a claim: statement, proof, the inequality as code
//	exact.go, definite.go                          exact matrices and the decision "positive definite"
//	norm.go                                        one-sided rational bounds of square roots and norms, vectors of bounds
//	interval.go, expression.go                     intervals, e^x, sigma, tanh, sin; expressions with their derivatives
//	check.go, statement.go                         the verdict, the figures and the sentences made of it
//	open.go, safetensors.go, json.go, manifest.go, certificate.go   the strict reader
//
// Arithmetic. A stored float64 is the dyadic rational m 2^e, a ratio is p/q; matrix inequalities are polynomials in these
// numbers and are evaluated over the integers, without rounding. The inequalities of delta-iss are between non-negative
// numbers, some of them irrational: the smaller side is an upper bound, rounded up to 64 bits at each step, the larger side
// is exact. Functions such as sin, and regions of nonlinear systems, are decided with intervals whose ends are dyadic numbers of 128
// bits, of type big.Float, rounded outward in each operation. Stored float64 are also compared with each other and with zero, which is
// exact. Hardware floating-point arithmetic occurs in three places and decides nothing: definite.go and norm.go propose with it a
// vector, a transformation or a norm that is then verified exactly, and numbers are printed for people.
//
// Limits. Sizes are limited by constants below, work by the budget of one Check (exact.go), so a hostile file ends as
// malformed or refused, not as an endless run. A refusal never says that a claim is false, only that this witness
// does not prove it.
package cert

// Limits of the format.
const (
	maxManifest    = 1 << 20 // bytes of manifest.json
	maxWeights     = 64 << 20
	maxCertificate = 8 << 20
	maxCard        = 1 << 20
	maxHeader      = 1 << 20 // bytes of the safetensors header
	maxDepth       = 8       // nesting of JSON
	maxText        = 128     // bytes of a name or another string, and of the path to a value
	maxCommas      = 1 << 20 // of a JSON entry: the number of values, about
	maxObjects     = 1 << 16
	maxDigits      = 2000 // of either side of a ratio
	maxMembers     = 64
	maxBlocks      = 16
	maxCells       = 8 // layers of an lstm or gru
	maxSignals     = 64
	maxSize        = 256     // states + hidden + inputs of a member, layer width + hidden, complex states of a block or filter, units
	maxWindow      = 1 << 20 // samples, also of an input delay
	maxVertices    = 12      // gated channels for which every vertex is visited
	maxTokens      = 4096    // of an expression
	maxDegree      = 64      // exponent of one variable in an expression or in a basis
)
