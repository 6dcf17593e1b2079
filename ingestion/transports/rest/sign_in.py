"""The token by which a host knows us, had by OAuth 2 and renewed when it is taken no longer.

This module imports dlt: import it where a call is about to be made.
"""

from __future__ import annotations

from typing import Any

from dlt.sources.helpers.rest_client.auth import OAuth2ClientCredentials
from requests import HTTPError, PreparedRequest, Response, Session

from ingestion.config import RestSource, secret
from ingestion.errors import SourceError


class Token(OAuth2ClientCredentials):
    """An access token, by client credentials or by a refresh token."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign a request."""
        request.register_hook("response", self._renewed)
        return super().__call__(request)

    def obtain_token(self) -> None:
        """Sign in.

        Raises:
            SourceError: the host does not let us in.

        """
        try:
            super().obtain_token()
        except HTTPError as error:
            # Without its cause, which holds the request.
            raise SourceError(f"the sign-in is refused: {self._reason(error.response)}") from None
        except ValueError:
            raise SourceError("the sign-in is answered with something else than JSON") from None

    def parse_access_token(self, response_json: Any) -> str:
        """The token of an answer."""
        token = response_json.get("access_token") if isinstance(response_json, dict) else None
        if not isinstance(token, str):
            raise SourceError("the sign-in is answered without a token; is `url` right?")
        return token

    def _reason(self, response: Response | None) -> str:
        """What OAuth's answer names as reason, whatever it repeats of what was sent."""
        assert response is not None  # it is an answer that was refused
        told = response.text
        # Hidden before it is cut: half a secret would not be found.
        for sent in filter(None, self.build_access_token_request()["data"].values()):
            told = told.replace(sent, "***")
        return f"status {response.status_code}, {told[:300]}"

    def _renewed(self, response: Response, **how: Any) -> Response:
        """The answer or, where the token is taken no longer, that to the same with a new one."""
        if response.status_code != 401:
            return response
        self.obtain_token()
        again = response.request.copy()
        again.headers["Authorization"] = f"Bearer {self.access_token}"
        renewed: Response = response.connection.send(again, **how)
        return renewed


def sign_in(source: RestSource, path: str, session: Session) -> Token:
    """The token of a source, asked for at a path of its host when it is first needed."""
    assert source.client_id and source.client_secret  # the configuration saw to it
    by_user = {
        "grant_type": "refresh_token",
        "refresh_token": source.refresh_token and secret(source.refresh_token),
    }
    return Token(
        access_token_url=f"{source.url}{path}",
        client_id=source.client_id,
        client_secret=secret(source.client_secret),
        access_token_request_data=by_user if source.refresh_token else {},
        session=session,
    )
