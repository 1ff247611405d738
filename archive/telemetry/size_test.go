package telemetry

import (
	"log/slog"
	"strings"
	"testing"

	"holdfast/archive"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

func sized(op string, bytes int) archive.DoneInfo {
	i := done(op, 1, 0, nil)
	i.Bytes, i.MaxBytes = bytes, 1000
	return i
}

// TestSizes: the largest document since the last flush, and each in a histogram.
func TestSizes(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	instruments, err := NewInstruments(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)).Meter("holdfast"))
	if err != nil {
		t.Fatal(err)
	}
	emf, out := newEMF(t, EMFOptions{})
	observer := Metrics(emf, instruments)
	for _, bytes := range []int{300, 700, 500} {
		observer.Done(t.Context(), sized("save", bytes))
	}
	flush(t, emf)
	if text := out.String(); !strings.Contains(text, `"LargestDocument":700`) || !strings.Contains(text, `{"Name":"LargestDocument","Unit":"Bytes"}`) {
		t.Error(text)
	}
	validateEMF(t, out.String())
	out.Reset()
	observer.Done(t.Context(), sized("save", 100))
	flush(t, emf)
	if text := out.String(); !strings.Contains(text, `"LargestDocument":100`) {
		t.Error(text)
	}
	histogram, ok := collect(t, reader)["holdfast.document.size"].Data.(metricdata.Histogram[int64])
	if !ok || len(histogram.DataPoints) != 1 || histogram.DataPoints[0].Count != 4 || histogram.DataPoints[0].Sum != 1600 {
		t.Errorf("%+v", histogram)
	}
}

// TestGrownDocumentsAreWarnedOf before they are too large, when somebody stores one.
func TestGrownDocumentsAreWarnedOf(t *testing.T) {
	for _, tt := range []struct {
		info archive.DoneInfo
		want bool
	}{
		{sized("append", 799), false},
		{sized("append", 800), true},
		{sized("save", 1000), true},
		{sized("load", 1000), false},
		{archive.DoneInfo{CallInfo: archive.CallInfo{Op: "append"}, Bytes: 1}, false}, // of another core
	} {
		records := logged(t, slog.LevelWarn, func(o archive.Observer) { o.Done(t.Context(), tt.info) })
		if warned := strings.Contains(strings.Join(lines(records), "\n"), "WARN the document is nearly as large as is allowed"); warned != tt.want {
			t.Errorf("%+v: %v", tt.info, lines(records))
		}
	}
}
