// Serves stargz-snapshotter's snapshotter to containerd: Debian packages its library, and not its daemon.
//
//	containerd-stargz-grpc ROOT SOCKET
package main

import (
	"context"
	"log"
	"net"
	"os"

	snapshotsapi "github.com/containerd/containerd/api/services/snapshots/v1"
	"github.com/containerd/containerd/contrib/snapshotservice"
	"github.com/containerd/stargz-snapshotter/service"
	"google.golang.org/grpc"
)

func main() {
	config := service.Config{}
	config.NoPrometheus = true
	config.NoBackgroundFetch = os.Getenv("BACKGROUND") == ""
	snapshotter, err := service.NewStargzSnapshotterService(context.Background(), os.Args[1], &config)
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	snapshotsapi.RegisterSnapshotsServer(server, snapshotservice.FromSnapshotter(snapshotter))
	socket, err := net.Listen("unix", os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.Serve(socket))
}
