package kernel

// Set names the kernels that this process runs: "avx2", or "plain" for plain Go. Runs on different sets agree to rounding,
// not to the last bit.
func Set() string {
	if fast {
		return "avx2"
	}
	return "plain"
}
