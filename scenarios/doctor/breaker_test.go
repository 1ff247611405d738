package doctor_test

import (
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"holdfast/archive/s3store"
	"holdfast/archive/s3store/breaker"
	"holdfast/archive/s3store/fakes3"
	"holdfast/archive/storefault"
	"holdfast/scenarios/doctor"
)

// TestBreaker: behind real HTTP, each fault of the breaking proxy is found.
func TestBreaker(t *testing.T) {
	server, err := fakes3.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	for _, fault := range breaker.Faults() {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			proxy, err := breaker.New(breaker.Config{Upstream: server.Endpoint(), Fault: fault.Name})
			if err != nil {
				t.Fatal(err)
			}
			front := httptest.NewServer(proxy)
			defer front.Close()
			client := s3.New(s3.Options{
				BaseEndpoint: aws.String(front.URL), UsePathStyle: true, Region: "us-east-1",
				Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
			})
			s := s3store.New(client, server.Bucket(), "doctor/"+fault.Name)
			d, err := doctor.Examine(t.Context(), doctor.Config{
				Fronts: []doctor.Front{{Store: s, Raw: s, At: &doctor.Endpoint{URL: front.URL}}}, Races: 60, BodyBytes: []int{64, 3000}, Budget: 30 * time.Second,
			})
			if err != nil {
				t.Fatal(err)
			}
			var kinds []storefault.Kind
			for _, r := range d.Rows {
				if r.Kind != "" {
					kinds = append(kinds, r.Kind)
				}
			}
			for _, r := range d.Races {
				kinds = append(kinds, r.Kinds...)
			}
			t.Logf("%s: writes %s, reads %s, deletes %s, %d requests in %.1f s, %v, %q", d.Verdict, d.Writes, d.Reads, d.Deletes, d.Requests, d.Seconds, kinds, d.Reasons)
			if !slices.Contains(kinds, fault.Kind) {
				t.Errorf("%s was not found", fault.Kind)
			}
		})
	}
}
