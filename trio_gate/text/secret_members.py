"""Members that hold a secret although neither the model nor their name says so.

Rule: each entry is a shape and a member of it, reviewed by hand. Views hide such a member, stored rows mask it.
"""

from __future__ import annotations

BY_SHAPE = frozenset(
    {
        ("CreateApiKeyRequest", "value"),
        ("CreateOAuth2TokenRequestBody", "code"),
        ("CreateTokenRequest", "code"),
        ("CreateTokenWithIAMRequest", "code"),
        ("GetOidcInfoRequest", "code"),
        ("VerifyProcurementPortalValidationRequest", "Code"),
        ("VerifyUserAttributeRequest", "Code"),
        *(
            (f"{site}IntegrationInput", "code")
            for site in ("AzureDevOps", "BitbucketDataCenter", "Bitbucket", "Confluence", "GitHub", "Jira")
        ),
    }
)
"""Pairs of a shape's name and a member's name."""
