from datetime import datetime, timezone
from enum import Enum
from typing import List, Optional
from uuid import UUID

from pydantic import BaseModel


class Status(str, Enum):
    TODO = "TODO"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"


class Priority(str, Enum):
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    URGENT = "URGENT"


def to_camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def rfc3339(value: datetime) -> str:
    return value.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Schema(BaseModel):
    class Config:
        orm_mode = True
        use_enum_values = True
        alias_generator = to_camel
        allow_population_by_field_name = True
        json_encoders = {datetime: rfc3339}


class TaskCreate(Schema):
    title: str
    description: Optional[str] = None
    status: Status = "TODO"
    priority: Priority = "MEDIUM"
    due_date: Optional[datetime] = None
    tags: List[str] = []


class TaskUpdate(Schema):
    title: Optional[str]
    description: Optional[str]
    status: Optional[Status]
    priority: Optional[Priority]
    due_date: Optional[datetime]
    tags: Optional[List[str]]


class TaskOut(Schema):
    id: UUID
    title: str
    description: Optional[str]
    status: Status
    priority: Priority
    due_date: Optional[datetime]
    tags: List[str]
    user_id: str
    created_at: datetime
    updated_at: datetime
    completed_at: Optional[datetime]
    version: int
