import os

from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import declarative_base, sessionmaker

url = make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+asyncpg")

# As many connections as the other peers; the default of 5 and 10 that come and go would cost it connections.
engine = create_async_engine(url, pool_size=10, max_overflow=0)
async_session = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)

Base = declarative_base()


async def get_db():
    async with async_session() as session:
        yield session
