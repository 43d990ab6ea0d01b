"""Proposes what a call takes away, by its name: data for good, something that can be restored, or a protection.

Rule: a deletion destroys if the noun in the name stands for data, or for a name or number that others may then take. Anything else that
is deleted, stopped, detached or turned off is removed and can be restored. `by_hand_effects.txt` corrects what nouns cannot show.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scripts.data.review.models import one_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scripts.data.review.models import Modelled

_DELETES = one_of("delete terminate purge drop destroy empty truncate erase wipe discard batchdelete")
_TAKES = one_of(
    "abort cancel clear close deactivate decommission deprecate deprovision deregister detach disable disassociate disconnect"
    " dissociate evict expire flush forget leave pause release remove reset retire revoke shutdown stop suspend unassign undeploy unlink"
    " unregister unshare unsubscribe"
)
_BEFORE_A_VERB = one_of("admin batch bulk global")
_GIVES_BACK = re.compile(r"Deletion$|BlockPublicAccess$|^Disable\w*TransferLock$|^Cancel\w*Undo")
"""Cancelling these keeps or opens something instead of taking it away."""

_DATA = re.compile(
    r"(?:Object|Bucket|Table|Database|Cluster|Instance|Volume|Disk|Snapshot|Image|Backup|RecoveryPoint|FileSystem|LogGroup|LogStream"
    r"|Stream|Queue|Message|Item|Secret|Key(?!word|Pair|space)|Keyspace|Domain|Directory|Vault|Archive|Repository|Collection|Index"
    r"|Dataset|DataSet|DataStore|Datastore|Document|File|Account|UserPool|IdentityPool|Graph|Trail|Topic|Function|Stack|Ledger"
    r"|Workspace|Parameter|Namespace|Cache|Model|Record|Zone|Asset|Broker|Bot|Notebook|Conversation|Memory|KnowledgeBase|Forecast"
    r"|Predictor|Face|Vector|TimeSeries|DataPoint|PositionHistory|ReadSet|ReferenceStore|SequenceStore|VariantStore|AnnotationStore"
    r"|ThingShadow|FeatureGroup|ModelPackage|ModelPackageGroup|LayerVersion|PackageVersion|StorageVirtualMachine|ReplicationGroup"
    r"|TableVersion|Schema|SchemaVersion|Tape|Speaker|Fraudster|ImageSet|HIT|(?<!Use)(?<!Test)Case|KeyValueStore|DatasetGroup)s?(?:Batch|ByPrefix|V2)?$"
)
_NO_DATA = re.compile(
    r"Cache$|Role|FromGlobal|Facet|RouteRequest|ColumnStatistics|Theme|TypedLink|ServiceAccount$|MatchmakingRule|RecommenderSchema"
)

_UNGUARDS = re.compile(
    r"^(?:Stop|Delete|Disable|Deactivate|Suspend|Remove|Disassociate|Deregister|Cancel|Unlock|Unmonitor)\w*?"
    r"(?:Logging|LoggingConfiguration|LoggingConfigurations|LogConfig|Trail|Detector|ConfigurationRecorder|FlowLogs|Alarms?|AlarmActions"
    r"|MFADevice|SecurityHub(?:V2)?|Macie|Inspector|GuardDuty|BackupPlan|BackupVault|BackupVaultLock\w*|BackupSelection"
    r"|AutomatedBackupsReplication|SnapshotCopy|SnapshotSchedule|PublicAccessBlock|BlockPublicAccess|DeletionProtection"
    r"|DeregistrationProtection|Guardrail|GuardrailConfiguration|KeyRotation|RotateSecret|Standards|Analyzer|ConfigRule|ConformancePack"
    r"|Protection|ProtectionPolicy|ObjectLock\w*|Monitoring|MonitoringSubscription|WebACL|Firewall|FirewallPolicy|FirewallRuleGroup"
    r"|DetectorFeatures|EventDataStore|EventDataStoreIngestion|DeliveryChannel|PermissionsBoundary|PasswordPolicy|SubscriptionFilter"
    r"|MetricFilter|MetricStreams?|InsightRules|Encryption|BucketEncryption|EncryptionByDefault|BucketReplication|ReplicationConfiguration"
    r"|QueryLogConfig|HostedZoneDNSSEC|CodeSigningConfig|SigningConfiguration|PolicyType|OrganizationAdminAccount|DelegatedAdmin"
    r"|AnomalyMonitor|AnomalySubscription|Budget|ActivityStream|Snapshot(?=$)(?<=UnlockSnapshot)|TransferLock|AllowedImagesSettings)$"
)
_NO_GUARD = re.compile(r"^DeleteFirewallManager")

_PROTECTIONS = re.compile(
    r"^(?:deletionprotection(?:enabled)?|terminationprotection(?:enabled)?|terminationprotected|deleteprotection"
    r"|firewallpolicychangeprotection|subnetchangeprotection|disableapitermination|enabletermination\w*)$",
    re.ASCII,
)
_NEW = one_of("create restore run register request import")
"""What is new was not protected before."""


def marks(operation: Modelled) -> Iterator[tuple[str, str]]:
    """Marks `destroys`, `removes` and `unguards`, each with its reason; a condition follows `?`."""
    said = operation.words
    verb = said[1] if len(said) > 1 and said[0] in _BEFORE_A_VERB else said[0]
    if verb in _DELETES and _DATA.search(operation.name) and not _NO_DATA.search(operation.name):
        yield "destroys", verb
    elif verb in _DELETES or (verb in _TAKES and not (verb != "remove" and _GIVES_BACK.search(operation.name))):
        yield "removes", verb
    if _UNGUARDS.search(operation.name) and not _NO_GUARD.search(operation.name):
        yield "unguards", "a guard goes"
    off = [str(leaf) for leaf in operation.inputs if leaf.names and _PROTECTIONS.match(leaf.names[-1].lower())]
    if off and verb not in _NEW:
        yield f"unguards?{','.join(f'{name}=false' for name in off)}", "a protection is turned off"
