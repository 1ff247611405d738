// Package manifests tests what docs/engines and the Dockerfile say, by the types of those whose
// files they are. It is a module of its own: the types of Kubernetes, AWS Batch and BuildKit
// bring more modules along than the program has.
package manifests
