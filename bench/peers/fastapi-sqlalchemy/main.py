import os
from typing import List, Optional
from uuid import UUID

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from sqlalchemy import case, func, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from auth import get_user_id
from database import get_db
from models import Task, TaskStatus
from schemas import Status, TaskCreate, TaskOut, TaskUpdate

app = FastAPI()


@app.get("/health")
async def health():
    return {"status": "healthy"}


@app.get("/api/tasks", response_model=List[TaskOut])
async def list_tasks(
    status: Optional[Status] = None,
    limit: int = 1000,
    user_id: str = Depends(get_user_id),
    db: AsyncSession = Depends(get_db),
):
    query = select(Task).where(Task.user_id == user_id)
    if status is not None:
        query = query.where(Task.status == status.value)
    tasks = await db.scalars(query.order_by(Task.created_at.desc(), Task.id.desc()).limit(limit))
    return tasks.all()


@app.get("/api/tasks/{task_id}", response_model=TaskOut)
async def get_task(task_id: UUID, user_id: str = Depends(get_user_id), db: AsyncSession = Depends(get_db)):
    task = await db.scalar(select(Task).where(Task.id == task_id, Task.user_id == user_id))
    if task is None:
        raise HTTPException(status_code=404, detail="Task not found")
    return task


@app.post("/api/tasks", response_model=TaskOut, status_code=201)
async def create_task(body: TaskCreate, user_id: str = Depends(get_user_id), db: AsyncSession = Depends(get_db)):
    completed_at = func.now() if body.status == "COMPLETED" else None
    task = Task(**body.dict(), user_id=user_id, completed_at=completed_at)
    db.add(task)
    await db.commit()
    return task


async def change(db: AsyncSession, user_id: str, task_id: UUID, values: dict) -> Task:
    statement = (
        update(Task)
        .where(Task.id == task_id, Task.user_id == user_id)
        .values(**values, updated_at=func.now(), version=Task.version + 1)
        .returning(Task)
    )
    task = await db.scalar(
        select(Task).from_statement(statement).execution_options(populate_existing=True, synchronize_session=False)
    )
    await db.commit()
    if task is None:
        raise HTTPException(status_code=404, detail="Task not found")
    return task


@app.patch("/api/tasks/{task_id}", response_model=TaskOut)
async def update_task(
    task_id: UUID, body: TaskUpdate, user_id: str = Depends(get_user_id), db: AsyncSession = Depends(get_db)
):
    values = body.dict(exclude_unset=True)
    if "status" in values:
        values["completed_at"] = func.now() if values["status"] == "COMPLETED" else None
    return await change(db, user_id, task_id, values)


@app.patch("/api/tasks/{task_id}/complete", response_model=TaskOut)
async def toggle_task(task_id: UUID, user_id: str = Depends(get_user_id), db: AsyncSession = Depends(get_db)):
    completed = Task.status == "COMPLETED"
    values = {
        "status": case((completed, "TODO"), else_="COMPLETED").cast(TaskStatus),
        "completed_at": case((completed, null()), else_=func.now()),
    }
    return await change(db, user_id, task_id, values)


if __name__ == "__main__":
    # The loop is uvloop's and the parser httptools', where they are installed.
    uvicorn.run(app, host=os.environ["HOST"], port=int(os.environ["PORT"]), access_log=False, log_level="warning")
