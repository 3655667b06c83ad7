// EngineModel::reply, a template: included by engine_model.h only.
#pragma once

#include <QMetaObject>
#include <QPointer>
#include <memory>
#include <utility>

namespace larder::ui {

// Runs a function on the GUI thread; dropped when the model is gone by then. Any thread.
void postToGui(const std::shared_ptr<void>& door, std::function<void()> function);

template <class T>
Reply<T> EngineModel::reply(QObject* context, std::function<void(Expected<T>)> handle) {
    // Expected is move-only for some T and std::function wants copies: hence the shared_ptr.
    return [door = std::static_pointer_cast<void>(m_door), guard = QPointer<QObject>(context), handle = std::move(handle)](Expected<T> result) {
        auto held = std::make_shared<Expected<T>>(std::move(result));
        postToGui(door, [guard, handle, held] {
            if (guard) handle(std::move(*held));
        });
    };
}

}  // namespace larder::ui
