"""AWS's signature of a request, as botocore makes it (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>)."""

import botocore.auth
import botocore.awsrequest
import botocore.credentials


def is_signed(method, url, headers, body, service, region, keys):
    """Whether botocore would sign the request in the same way. `keys`: id, secret, and a session's token where there is one."""
    request = botocore.awsrequest.AWSRequest(method, url, data=body)
    request.headers["content-type"] = headers["content-type"]
    signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(*keys), service, region)
    request.context["timestamp"] = headers["x-amz-date"]
    request.headers["X-Amz-Date"] = headers["x-amz-date"]
    if keys[2:]:
        request.headers["X-Amz-Security-Token"] = keys[2]
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    return headers["authorization"].endswith(f"Signature={signature}")
