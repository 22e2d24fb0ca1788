import hashlib
import hmac
import os
from typing import Optional

from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from database import get_db
from models import UserSession

secret = os.environ["SESSION_HASH_SECRET"].encode()
bearer = HTTPBearer(auto_error=False)


async def get_user_id(
    credentials: Optional[HTTPAuthorizationCredentials] = Depends(bearer),
    db: AsyncSession = Depends(get_db),
) -> str:
    if credentials is not None:
        token = hmac.new(secret, credentials.credentials.encode(), hashlib.sha256).hexdigest()
        user_id = await db.scalar(
            select(UserSession.user_id).where(UserSession.token == token, UserSession.expires_at > func.now())
        )
        if user_id is not None:
            return user_id
    raise HTTPException(status_code=401, detail="Unauthorized", headers={"WWW-Authenticate": "Bearer"})
