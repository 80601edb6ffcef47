// Command plumb identifies dynamical systems from measured data and hands each model over with a proof.
package main

import (
	"os"

	"github.com/plumb-go/plumb/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr)) }
