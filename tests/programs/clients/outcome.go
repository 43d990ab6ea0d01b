// The AWS SDK for Go and a refusal: `outcome create|head BUCKET` prints "done", or the error's message and, in its last line, what the
// gateway says of it in fields.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/transport/http"
)

func main() {
	ctx := context.Background()
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	client, bucket := s3.NewFromConfig(settings), &os.Args[2]
	if os.Args[1] == "head" {
		_, err = client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: bucket})
	} else {
		_, err = client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket})
	}
	if err == nil {
		fmt.Println("done")
		return
	}
	fmt.Println(err)
	var answer *http.ResponseError
	if errors.As(err, &answer) {
		fmt.Println(answer.Response.Header.Get("x-trio-gate-outcome"), answer.Response.Header.Get("x-trio-gate-reason"))
	}
}
