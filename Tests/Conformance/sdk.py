"""The official Pinecone SDK pointed at an emulator.

The SDK takes another administration host and token address as arguments (`host`, `oauth_url`) and
accepts plain http in both, so nothing of it is replaced. Two things to know:

- Its transport repeats any request, POST too, after a broken connection or a 408, 429 or 5xx, up to
  three times. A rotation whose answer is lost is therefore rotated again by the SDK itself.
- It prefixes a host without a scheme with https.
"""

from pinecone import Admin, Pinecone
from pinecone.errors.exceptions import ApiError, ForbiddenError, UnauthorizedError

TOKEN_PATH = "/oauth/token"


def admin(url, client_id, client_secret):
    """An Admin that works against `url`. Raises ApiError when the credentials are refused."""
    return Admin(
        client_id=client_id, client_secret=client_secret, host=url, oauth_url=url + TOKEN_PATH
    )


def accepts_client_secret(url, client_id, secret):
    """Whether the SDK obtains a token with them. Any other failure than a refusal is raised."""
    try:
        admin(url, client_id, secret).close()
    except ApiError as error:
        if error.status_code in (401, 403):
            return False
        raise
    return True


def accepts_api_key(url, value):
    """Whether the SDK's index client is let in with the key; 403 is a key with a narrow role."""
    client = Pinecone(api_key=value, host=url)
    try:
        list(client.indexes.list())
    except UnauthorizedError:
        return False
    except ForbiddenError:
        return True
    finally:
        client.close()
    return True
