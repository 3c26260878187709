// One NetSuite credential, typed: staged, proven by a signed call, then current.
package main

import (
	"fmt"

	"github.com/tba-secrets/tba-secrets/sdk/go/tba"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		owner := pulumi.String(fmt.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), ctx.Stack()))
		record := pulumi.String("warehouse-sync/warehouse-bot")
		account := pulumi.String("1234567_SB1")
		secret := pulumi.String("warehouse-bot")
		stores := tba.StoresArgs{
			Aws: tba.AwsSettingsArgs{
				Region: pulumi.String("us-east-1"),
				Prefix: pulumi.String("netsuite/sandbox/"),
			},
		}
		var endpoint pulumi.StringPtrInput // a simulator or a proxy; else the account's own
		if address := config.Get(ctx, "endpoint"); address != "" {
			endpoint = pulumi.String(address)
		}

		staged, err := tba.NewStagedCredential(ctx, "warehouse-bot", &tba.StagedCredentialArgs{
			Record:   record,
			Owner:    owner,
			Account:  account,
			Endpoint: endpoint,
			Stores:   stores,
			Secret:   secret,
			Consumer: tba.ConsumerSourceArgs{Env: tba.ConsumerEnvArgs{
				Key:    pulumi.String("WAREHOUSE_CONSUMER_KEY"),
				Secret: pulumi.String("WAREHOUSE_CONSUMER_SECRET"),
			}},
			Token: tba.TokenSourceArgs{Env: tba.TokenEnvArgs{
				Id:     pulumi.String("WAREHOUSE_TOKEN_ID"),
				Secret: pulumi.String("WAREHOUSE_TOKEN_SECRET"),
			}},
			Preview: pulumi.Bool(ctx.DryRun()), // a preview needs no values
		})
		if err != nil {
			return err
		}
		test, err := tba.NewSmokeTest(ctx, "warehouse-bot", &tba.SmokeTestArgs{
			Record:      record,
			Owner:       owner,
			Account:     account,
			Endpoint:    endpoint,
			Stores:      stores,
			Secret:      secret,
			Role:        tba.RoleArgs{Name: pulumi.String("Warehouse Integration")},
			User:        tba.UserArgs{Email: pulumi.String("integration.bot@example.com")},
			Versions:    staged.Versions,
			Fingerprint: staged.Fingerprint,
		})
		if err != nil {
			return err
		}

		ctx.Export("location", staged.Locations.MapIndex(pulumi.String("aws")))
		ctx.Export("verifiedAs", test.VerifiedAs)
		return nil
	})
}
