"""Members that hold a secret and neither the model nor their name says so.

Rule: a member stands here by its shape and name, reviewed; what is shown folds it, what is kept masks it.
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
"""Members that hold a secret and neither the model nor their name says so, by shape."""
