import uuid

from sqlalchemy import Column, Integer, String, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, ENUM, TIMESTAMP, UUID

from database import Base

TaskStatus = ENUM("TODO", "IN_PROGRESS", "COMPLETED", name="task_status", create_type=False)
TaskPriority = ENUM("LOW", "MEDIUM", "HIGH", "URGENT", name="task_priority", create_type=False)


class UserSession(Base):
    __tablename__ = "user_sessions"

    id = Column(Text, primary_key=True)
    token = Column(Text, nullable=False, unique=True)
    expires_at = Column("expiresAt", TIMESTAMP(timezone=True), nullable=False)
    user_id = Column("userId", Text, nullable=False)


class Task(Base):
    __tablename__ = "tasks"
    # What the database fills in comes back with the INSERT itself, by RETURNING.
    __mapper_args__ = {"eager_defaults": True}

    id = Column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    title = Column(String(200), nullable=False)
    description = Column(Text)
    status = Column(TaskStatus, nullable=False, server_default="TODO")
    priority = Column(TaskPriority, nullable=False, server_default="MEDIUM")
    due_date = Column(TIMESTAMP(timezone=True))
    tags = Column(ARRAY(Text), nullable=False, server_default="{}")
    user_id = Column(Text, nullable=False)
    created_at = Column(TIMESTAMP(timezone=True), nullable=False, server_default=func.now())
    updated_at = Column(TIMESTAMP(timezone=True), nullable=False, server_default=func.now())
    completed_at = Column(TIMESTAMP(timezone=True))
    version = Column(Integer, nullable=False, server_default="1")
