package benchmark

import (
	"fmt"

	"github.com/plumb-go/plumb/dataset"
)

// spec is all that is known of one benchmark.
type spec struct {
	name        string
	folder      string // where the files may also lie below the given folder
	cite        string
	ts          float64 // seconds; 0 when the source does not state it
	inputs      []dataset.Signal
	outputs     []dataset.Signal
	files       []file
	experiments []experiment
	train, test []dataset.Part
	notes       []string
}

// file is a file with its SHA-256. Its columns are addressed by name; those of a four-dimensional array (sample,
// channel, realisation, period) by "c1.r1", channel 1 of realisation 1 with its periods one after the other.
type file struct {
	name, sha256 string
}

// experiment is one recording: for each input, then each output, where its samples are.
type experiment struct {
	name    string
	sources []source
}

type source struct {
	file   int
	column string
	scale  float64 // file unit to reported unit; 0 means 1
}

func volts(names ...string) []dataset.Signal { return signals("V", names...) }

func signals(unit string, names ...string) (out []dataset.Signal) {
	for _, n := range names {
		out = append(out, dataset.Signal{Name: n, Unit: unit})
	}
	return out
}

// table lists the benchmarks. Splits and windows are those of the benchmarks' authors or, where noted, of the papers
// that publish results. None has an official validation part.
func table() []spec {
	return []spec{cascadedTanks(), silverbox(), wienerHammerstein(), emps(), actuator(), fineSteeringMirror()}
}

func cascadedTanks() spec {
	const window = 50
	return spec{
		name: "cascaded-tanks", folder: "cascaded-tanks", ts: 4,
		cite:   "Schoukens and Noël 2017, doi 10.4121/12960104",
		inputs: volts("u"), outputs: volts("y"),
		files: []file{{"dataBenchmark.csv", "ef2388ed822f3aef4aa80d6b0f2b466dd80b361786b3eafc7a2957c31ea323a7"}},
		experiments: []experiment{
			{"estimation", []source{{column: "uEst"}, {column: "yEst"}}},
			{"test", []source{{column: "uVal"}, {column: "yVal"}}},
		},
		train: []dataset.Part{{Name: "estimation", Experiment: 0, To: 1024, Window: window}},
		test:  []dataset.Part{{Name: "test", Experiment: 1, To: 1024, Window: window}},
		notes: []string{"The first 50 test samples initialise the state and are not scored, as in the authors' present loader; rows published up to 2024 used a window of 4 samples and are not strictly comparable."},
	}
}

func silverbox() spec {
	const window, train, multisine, end = 50, 40650, 105712, 127400 // 105712 = 40650 + ⌊0.75 (127400 - 40650)⌋
	return spec{
		name: "silverbox", folder: "silverbox", ts: 1 / 610.35,
		cite:   "Wigren and Schoukens, ECC 2013",
		inputs: volts("V1"), outputs: volts("V2"),
		files:       []file{{"SNLS80mV.csv", "ae62d5a91230c10f76e6dd02c8a4fac3c9d4d8a95fbf50e87cb0c4885003e0f1"}},
		experiments: []experiment{{"SNLS80mV", []source{{column: "V1"}, {column: "V2"}}}},
		train:       []dataset.Part{{Name: "estimation", From: train, To: multisine, Window: window}},
		test: []dataset.Part{
			{Name: "multisine", From: multisine, To: end, Window: window},
			{Name: "arrow", From: 100, To: 40575, Window: window},
			{Name: "arrow-no-extrapolation", From: 100, To: 100 + 32000, Window: window},
		},
		notes: []string{"The arrow part leaves the amplitude range of the training data after its first 32000 samples; arrow-no-extrapolation is those samples. Published rows give millivolts."},
	}
}

func wienerHammerstein() spec {
	const window, from, test, end = 50, 5200, 105200, 184000
	return spec{
		name: "wiener-hammerstein", folder: "wiener-hammerstein", ts: 1. / 51200,
		cite:   "Schoukens, Suykens and Ljung, SYSID 2009",
		inputs: volts("uBenchMark"), outputs: volts("yBenchMark"),
		files:       []file{{"WienerHammerBenchmark.csv", "95f241ac5e0afb48c47b24b3630f55e0d6f8f2f4dec145bd8adf852b19851fa3"}},
		experiments: []experiment{{"WienerHammerBenchmark", []source{{column: "uBenchMark"}, {column: "yBenchMark"}}}},
		train:       []dataset.Part{{Name: "estimation", From: from, To: test, Window: window}},
		test:        []dataset.Part{{Name: "test", From: test, To: end, Window: window}},
		notes:       []string{"Published rows give millivolts."},
	}
}

func emps() spec {
	const window, n, millimetres = 20, 24841, 1000
	return spec{
		name: "emps", folder: "emps", ts: 0.001,
		cite:   "Janot, Gautier and Brunot 2019",
		inputs: signals("N", "vir"), outputs: signals("mm", "qm"),
		files: []file{
			{"DATA_EMPS.csv", "402334e79b8e2b87ec8480a5829d78f09400546386186e8ab957dcdd0f201a73"},
			{"DATA_EMPS_PULSES.csv", "5edb3a5774f55f222f65b4ee0a59535b6f2c4c4e1284e1aac184c1f61f25e5c4"},
		},
		experiments: []experiment{
			{"DATA_EMPS", []source{{column: "vir"}, {column: "qm", scale: millimetres}}},
			{"DATA_EMPS_PULSES", []source{{file: 1, column: "vir"}, {file: 1, column: "qm", scale: millimetres}}},
		},
		train: []dataset.Part{{Name: "estimation", Experiment: 0, To: n, Window: window}},
		test:  []dataset.Part{{Name: "test", Experiment: 1, To: n, Window: window}},
		notes: []string{
			"The position is the integral of a velocity and was measured in closed loop: no contracting model represents an integrator.",
			"Positions are converted from metres to millimetres.",
		},
	}
}

func actuator() spec {
	const window, n, half = 50, 1024, 512
	return spec{
		name: "actuator", folder: "small-processes", ts: 0,
		cite:   "Sjöberg et al. 1995; split of the Gaussian-process state-space papers (Mattos et al. 2016, Doerr et al. 2018)",
		inputs: signals("", "u"), outputs: signals("", "p"),
		files:       []file{{"actuator.csv", "e58b8c8059b6544291d62443a6e9a05b223742c397abbadf54e77d85f690ed45"}},
		experiments: []experiment{{"actuator", []source{{column: "u"}, {column: "p"}}}},
		train:       []dataset.Part{{Name: "estimation", To: half, Window: window}},
		test:        []dataset.Part{{Name: "test", From: half - window, To: n, Window: window}},
		notes: []string{
			"All of the second half, samples 512-1023, is scored; samples 462-511, the end of the training half, initialise the state.",
			"The source states neither sampling time nor units.",
		},
	}
}

func fineSteeringMirror() spec {
	const window, period, trained, tested, channels, micrometres = 100, 8192, 6, 3, 3, 1e6
	s := spec{
		name: "fine-steering-mirror", folder: "fine-steering-mirror", ts: 1. / 6400,
		cite:   "Floren et al., ISMA 2024, doi 10.5281/zenodo.19591136",
		inputs: volts("u1", "u2", "u3"), outputs: signals("µm", "y1", "y2", "y3"),
		files: []file{
			{"u_300mV_train.npy", "0436437998307e8f8c86f824c1fee4e225f212861878bf58d42b2a5e2ecd0cb5"},
			{"y_300mV_train.npy", "38acb224027e728d7a3c44a0ce5538fcb74c836be585a1b318a6728c8a6820fb"},
			{"u_300mV_test.npy", "2bc566ae64d9000e69fbbc95092ac9c04c083bb398e4f16f2eb105645844e401"},
			{"y_300mV_test.npy", "b46edea962a149b7a5abd89f819e6f1ec03ba4d68b0ac83e2a8fc84c2b0ebaf3"},
		},
		notes: []string{
			"Displacements are converted from metres to micrometres. Published rows pool samples, outputs and realisations into one RMSE.",
			"Each realisation is one experiment of two periods; the first 100 samples of each initialise the state.",
		},
	}
	for i := range trained + tested {
		name, files, r := fmt.Sprintf("train-%d", i+1), 0, i+1
		if i >= trained {
			name, files, r = fmt.Sprintf("test-%d", i-trained+1), 2, i-trained+1
		}
		e := experiment{name: name}
		for f, scale := range []float64{1, micrometres} {
			for c := range channels {
				e.sources = append(e.sources, source{file: files + f, column: fmt.Sprintf("c%d.r%d", c+1, r), scale: scale})
			}
		}
		s.experiments = append(s.experiments, e)
		p := dataset.Part{Name: name, Experiment: i, To: 2 * period, Window: window}
		if i < trained {
			s.train = append(s.train, p)
		} else {
			p.Name = "test" // parts of one name are scored together, as the published figure is
			s.test = append(s.test, p)
		}
	}
	return s
}
