// The AWS SDK for Go in two roles, the second assumed by the first: `roles BUCKET KEY [ROLE ROLE]`, or without the roles by AWS_PROFILE.
// Writes an object, reads it and prints who it was.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	ctx := context.Background()
	settings, err := config.LoadDefaultConfig(ctx)
	must(err)
	for _, role := range os.Args[3:] {
		settings.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(settings), role))
	}
	bucket, key := &os.Args[1], &os.Args[2]
	client := s3.NewFromConfig(settings)
	_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("by go")})
	must(err)
	got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
	must(err)
	content, err := io.ReadAll(got.Body)
	must(err)
	if string(content) != "by go" {
		log.Fatal("another content")
	}
	who, err := sts.NewFromConfig(settings).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	must(err)
	fmt.Println(*who.Arn)
}
