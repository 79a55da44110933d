"""Who may use which storage account.

A request is accepted with
- ``Authorization: SharedKey account:signature``, made with the account's key (the Python clients, rslex, azcopy);
- a shared access signature that someone made with the account's key, for a blob, a folder, a container or the account;
- a URL of ours (:meth:`amlbridge.wire.context.Service.blob_url`), good for one blob;
- a bearer token of ours;
- anything at all on a connection to the account's own host name that is answered here (`--intercept`): the key there is
  that of a real account, and the caller has proven to the network guard to be one of ours.

Neither SAS nor token names the account, and the client drops the part of the host that does: everything before the
``@`` of ``account.blob.x@127.0.0.1:port`` is userinfo of the URL. Some HTTP libraries send that as Basic
authorization: it then names the account, and nothing else is made of it. Otherwise a SAS is tried with the key of each
account that there is (only one can fit), and a token works for a container whose name only one account has.

Sources: "Authorize with Shared Key", "Create a service SAS" and "Create an account SAS" in Microsoft's REST reference.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator
from urllib.parse import quote, unquote

from amlbridge.engine.clock import parse_iso
from amlbridge.engine.errors import InvalidNameError
from amlbridge.wire import blob_accounts
from amlbridge.wire.blob_request import BlobCall, Grant, Level
from amlbridge.wire.errors import ServiceError

_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
_OVERRIDES = {
    "rscc": "cache-control",
    "rscd": "content-disposition",
    "rsce": "content-encoding",
    "rscl": "content-language",
    "rsct": "content-type",
}
_LEVELS: dict[str, Level] = {"s": "account", "c": "container", "o": "blob"}
#: What a URL of ours allows: read, create, write and append, but not delete.
_ISSUED = "rcwa"


def authenticate(call: BlobCall) -> Grant:
    """What the request may do. Raises a 403 :class:`ServiceError`; whether the operation is among it is asked later."""
    if call.called_account is not None:
        _check_account(call, call.called_account)
        return Grant(call.called_account, any_container=True)
    for value in call.headers.getlist("authorization"):
        scheme, _, rest = value.strip().partition(" ")
        if scheme.lower() == "sharedkey":
            return _shared_key(call, rest.strip())
        if scheme.lower() == "bearer":
            return _bearer(call, rest.strip())
        if scheme.lower() == "sharedkeylite":
            raise denied("SharedKeyLite is not served here: sign with SharedKey")
    if "sig" in call.query:
        return _issued(call) or _shared_access(call)
    raise denied("the request has no SharedKey signature, no shared access signature and no bearer token")


def denied(detail: str, code: str = "AuthenticationFailed") -> ServiceError:
    """403. ``detail`` says what is wrong with the proof that the request brought."""
    return ServiceError(403, code, f"Server failed to authenticate the request: {detail}.")


def _mac(key: str, text: str) -> str:
    digest = hmac.new(base64.b64decode(key), text.encode(errors="surrogateescape"), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="surrogateescape"), other.encode(errors="surrogateescape"))


# --- SharedKey


def _shared_key(call: BlobCall, credential: str) -> Grant:
    account, _, signature = credential.partition(":")
    _check_account(call, account)
    key = call.service.issuer.account_key(account)
    texts = list(_strings_to_sign(call, account))
    if not any(_same(_mac(key, text), signature) for text in texts):
        raise denied(
            f"the SharedKey signature for the account {account!r} does not fit; either the account key is not the one "
            f"of this workspace service, or the client signs something else than {texts[0]!r}"
        )
    return Grant(account)


def _check_account(call: BlobCall, account: str) -> None:
    try:
        call.store.container(account, "x")
    except InvalidNameError as error:
        raise denied(str(error)) from error


def _strings_to_sign(call: BlobCall, account: str) -> Iterator[str]:
    """What clients sign for this request. They agree on everything but how the path is encoded: the URL as they had it
    before their HTTP library normalised it may differ from the path on the wire."""
    values = {name: call.headers.get(name, "") for name in _SIGNED_HEADERS}
    if values["content-length"] == "0":
        values["content-length"] = ""
    if "x-ms-date" in call.headers:
        values["date"] = ""
    head = "\n".join((call.method, *values.values())) + "\n"
    paths = (call.raw_path, quote(unquote(call.raw_path), safe="/()$=',~"), quote(unquote(call.raw_path), "/~"))
    for headers in dict.fromkeys(_ms_headers(call)):
        for path in dict.fromkeys(paths):
            for query in dict.fromkeys((_canonical_query(call, False), _canonical_query(call, True))):
                yield f"{head}{headers}/{account}{path}{query}"


def _ms_headers(call: BlobCall) -> Iterator[str]:
    """The x-ms-* headers in plain order, and as newer clients sort them: by the rules of a .NET culture, where a hyphen
    does not count and an underscore comes before digits."""
    joined: dict[str, str] = {}
    for name, value in call.headers.items():
        if name.startswith("x-ms-"):
            joined[name] = f"{joined[name]},{value.strip()}" if name in joined else value.strip()
    for names in (sorted(joined), sorted(joined, key=lambda name: name.replace("-", "").replace("_", " "))):
        yield "".join(f"{name}:{joined[name]}\n" for name in names)


def _canonical_query(call: BlobCall, plus_is_blank: bool) -> str:
    found: dict[str, list[str]] = {}
    for name, value in call.pairs:
        decoded = unquote(value.replace("+", " ") if plus_is_blank else value, errors="surrogateescape")
        found.setdefault(name, []).append(decoded)
    return "".join(f"\n{name}:{','.join(sorted(values))}" for name, values in sorted(found.items()))


# --- bearer tokens


def _bearer(call: BlobCall, token: str) -> Grant:
    if call.service.issuer.verify(token) is None:
        raise denied("the bearer token was not issued by this workspace service, or it has expired")
    named = _userinfo_account(call)
    if named is not None:
        _check_account(call, named)
        return Grant(named)
    having = blob_accounts.accounts_with(call.service, call.container)
    if len(having) == 1:
        return Grant(having[0])
    if len(having) > 1:
        raise ServiceError(
            400,
            "InvalidUri",
            f"a token does not tell which account's container {call.container!r} is meant ({', '.join(having)} have "
            "one): use the account key or a SAS URL",
        )
    known = blob_accounts.accounts(call.service)
    if len(known) == 1:
        return Grant(known[0])
    raise ServiceError(404, "ContainerNotFound", f"no storage account has a container {call.container!r}")


def _userinfo_account(call: BlobCall) -> str | None:
    """The account that a Basic authorization names: an HTTP library made it of the URL's userinfo."""
    for value in call.headers.getlist("authorization"):
        scheme, _, rest = value.strip().partition(" ")
        if scheme.lower() == "basic":
            try:
                account, dot, _ = base64.b64decode(rest, validate=True).decode().partition(".blob.")
            except (binascii.Error, UnicodeDecodeError):
                return None
            return account if dot else None
    return None


def _accounts(call: BlobCall) -> Iterator[str]:
    """Accounts to try, the named one first: only when it is none of those that are known, all datastores are asked."""
    named = _userinfo_account(call)
    tried = {named}
    if named is not None:
        yield named
    for account in blob_accounts.likely(call.service, call.container):
        if account not in tried:
            tried.add(account)
            yield account


# --- URLs of ours


def _issued(call: BlobCall) -> Grant | None:
    # The Python clients pass on only parameters that a SAS can have: so `si` can hold the account, `ska` gets lost.
    signature = call.query["sig"]
    if len(signature) != 64 or not call.name:
        return None
    named = [call.query[name] for name in ("si", "ska") if call.query.get(name)]
    # The v1 client quotes the path of the URL once more when it uploads.
    names = dict.fromkeys((call.name, unquote(call.name)))
    for account, name in ((account, name) for account in named or _accounts(call) for name in names):
        if call.service.issuer.check(f"{account}/{call.container}/{name}", signature):
            call.name = name
            _check_account(call, account)
            blob_accounts.found(call.service, call.container, account)
            return Grant(account, _ISSUED, frozenset(("blob",)), issued=True)
    raise denied("the URL was not issued by this workspace service, or it was issued for another blob")


# --- shared access signatures that a user made


def _shared_access(call: BlobCall) -> Grant:
    query, signature = call.query, call.query["sig"]
    if "skoid" in query:
        raise denied("a user delegation SAS is not served here: sign with the account key")
    if "si" in query:
        raise denied("stored access policies are not served here: put the permissions into the SAS itself")
    kind = "ss" if "ss" in query else "sr"
    if kind not in query or "sv" not in query:
        raise denied("the SAS lacks its parameters sv and sr (or ss and srt)")
    for account in _accounts(call):
        key = call.service.issuer.account_key(account)
        texts = (_account_sas(call, account),) if kind == "ss" else tuple(_service_sas(call, account))
        if any(_same(_mac(key, text), signature) for text in texts):
            _check_limits(call)
            blob_accounts.found(call.service, call.container, account)
            return _sas_grant(call, account)
    raise denied(
        "the signature of the SAS does not fit: it was made with a key that is none of this workspace service's "
        "accounts, for another resource, or was changed since"
    )


def _account_sas(call: BlobCall, account: str) -> str:
    names = ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"]
    if call.query["sv"] >= "2020-12-06":
        names.append("ses")
    return "\n".join((account, *(call.query.get(name, "") for name in names))) + "\n"


def _service_sas(call: BlobCall, account: str) -> Iterator[str]:
    query, version = call.query, call.query["sv"]
    if version < "2015-04-05":
        raise denied(f"a SAS of version {version} is not served here: make one of 2015-04-05 or later")
    names = ["si", "sip", "spr", "sv"]
    if version >= "2018-11-09":
        names += ["sr", "snapshot"]
    if version >= "2020-12-06":
        names.append("ses")
    tail = [query.get(name, "") for name in (*names, *_OVERRIDES)]
    head = [query.get(name, "") for name in ("sp", "st", "se")]
    for resource in _sas_resources(call):
        yield "\n".join((*head, f"/blob/{account}/{resource}", *tail))


def _sas_resources(call: BlobCall) -> Iterator[str]:
    kind = call.query["sr"]
    if kind == "c":
        yield call.container
    elif kind == "b" and call.name:
        yield f"{call.container}/{call.name}"
    elif kind == "d" and call.name and call.query.get("sdd", "").isdecimal():
        depth = int(call.query["sdd"])
        if call.name.count("/") >= depth - 1:
            yield "/".join((call.container, *call.name.split("/")[:depth]))


def _check_limits(call: BlobCall) -> None:
    query, now = call.query, call.service.clock()
    if "se" not in query or "sp" not in query:
        raise denied("the SAS names no expiry (se) or no permissions (sp)")
    try:
        started, expires = parse_iso(query.get("st") or "1970-01-01"), parse_iso(query["se"])
    except ValueError as error:
        raise denied(f"the SAS has a malformed time: {error}") from error
    if not started <= now < expires:
        raise denied(f"the SAS is valid from {query.get('st', 'its making')} to {query['se']}, not now")
    if query.get("spr", "https,http") == "https" and call.scheme != "https":
        raise denied("the SAS is for https only", "AuthorizationProtocolMismatch")
    first, _, last = query.get("sip", "").partition("-")
    if first and not _number(first) <= _number(call.client[0]) <= _number(last or first):
        raise denied(f"the SAS is not for the address {call.client[0]}", "AuthorizationSourceIPMismatch")


def _number(address: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in address.split("."))
    except ValueError as error:
        raise denied(f"{address!r} is no IPv4 address", "AuthorizationSourceIPMismatch") from error


def _sas_grant(call: BlobCall, account: str) -> Grant:
    query = call.query
    overrides = {header: query[name] for name, header in _OVERRIDES.items() if query.get(name)}
    if "ss" not in query:
        levels = frozenset[Level](("blob", "container") if query["sr"] == "c" else ("blob",))
    elif "b" not in query["ss"]:
        raise denied("the SAS is not for the blob service", "AuthorizationServiceMismatch")
    else:
        levels = frozenset(_LEVELS[letter] for letter in query.get("srt", "") if letter in _LEVELS)
    return Grant(account, query["sp"], levels, overrides)
