// Command gen writes the AVX2+FMA kernels of package kernel. It is a module of its own so that the library does not
// depend on the assembler generator. Run "go generate" in the parent folder; generated files are committed.
package main

import (
	"flag"
	"fmt"
	"os"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/buildtags"
)

func main() {
	set := flag.String("set", "", "kernels to write: gemm, map, step or cell")
	flag.Parse()
	Constraint(buildtags.Not("purego").ToConstraint())
	sets := map[string]func(p prec){"gemm": gemm, "map": maps, "step": steps, "cell": cells}
	write, ok := sets[*set]
	if !ok {
		fmt.Fprintf(os.Stderr, "gen: no kernel set %q\n", *set)
		os.Exit(2)
	}
	write(f64)
	write(f32)
	Generate()
}
